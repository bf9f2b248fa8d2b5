using System.Globalization;

namespace InferMesh.AppHost.Topology;

/// <summary>How the command line tool is asked to run the synthetic fleet.</summary>
internal static class FleetArguments
{
    /// <summary>The start of the line that the fleet prints once it serves.</summary>
    public const string ReadyLine = "fleet ready";

    public static IReadOnlyList<string> Of(FleetPlan plan, string report) =>
        ["fleet", "--nodes", Text(plan.Nodes), "--cells", Text(plan.Cells), "--seed", Text(plan.Seed),
         "--base-port", Text(plan.Port), "--admin-port", Text(plan.AdminPort), "--report", report];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
