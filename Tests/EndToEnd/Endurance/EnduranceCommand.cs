using System.Globalization;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>The long runs as a command: prints the table; 0 when the run holds, 1 when it does not, 2 for a wrong command line.</summary>
internal static class EnduranceCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var minutes = args[0] switch { "soak" => 15.0, "overload" => 1.0, _ => 10.0 };
        if (args.Length > 1 && !(double.TryParse(args[1], CultureInfo.InvariantCulture, out minutes) && minutes is >= 0.5 and <= 600))
        {
            await Console.Error.WriteLineAsync($"The minutes must be from 0.5 to 600, not '{args[1]}'.");
            return 2;
        }
        var report = args[0] switch
        {
            "rolling" => await RollingRun.RunAsync(),
            "agents" => await OnMeshAsync(mesh => AgentsRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes)), AgentsRun.Nodes, AgentsRun.Mesh),
            "overload" => await OnMeshAsync(mesh => OverloadRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes)), 2, OverloadRun.Mesh),
            "chaos" => await OnMeshAsync(mesh => ChaosRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes))),
            _ => await OnMeshAsync(mesh => SoakRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes))),
        };
        await Console.Out.WriteLineAsync(report.ToString());
        return report.Violations.Count == 0 ? 0 : 1;
    }

    private static async Task<RunReport> OnMeshAsync(Func<MeshProcess, Task<RunReport>> run, int nodes = 8, params string[] settings)
    {
        await using var mesh = await MeshProcess.StartAsync(readyNodes: nodes, settings: settings);
        return await run(mesh);
    }
}
