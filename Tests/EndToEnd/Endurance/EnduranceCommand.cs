using System.Globalization;
using InferMesh.Tests.EndToEnd.Clusters;
using InferMesh.Tests.EndToEnd.Consistency;
using InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>The long runs as a command: prints the table; 0 when the run holds, 1 when it does not, 2 for a wrong command line.</summary>
internal static class EnduranceCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args[0] == "fuzz") return await FuzzAsync(args[1..]);
        var minutes = args[0] switch { "soak" => 15.0, "overload" => 1.0, _ => 10.0 };
        if (args.Length > 1 && !(double.TryParse(args[1], CultureInfo.InvariantCulture, out minutes) && minutes is >= 0.5 and <= 600))
        {
            await Console.Error.WriteLineAsync($"The minutes must be from 0.5 to 600, not '{args[1]}'.");
            return 2;
        }
        var report = args[0] switch
        {
            "consistency" => await ConsistencyAsync(TimeSpan.FromMinutes(minutes)),
            "rolling" => await RollingRun.RunAsync(),
            "coldstart" => await ColdStartRun.RunAsync(),
            "cli-scale" => await OnMeshAsync(mesh => CliScaleRun.RunAsync(mesh), settings: CliScaleRun.Settings),
            "agents" => await OnMeshAsync(mesh => AgentsRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes)), AgentsRun.Nodes, AgentsRun.Mesh),
            "overload" => await OnMeshAsync(mesh => OverloadRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes)), 2, OverloadRun.Mesh),
            "chaos" => await OnMeshAsync(mesh => ChaosRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes))),
            _ => await OnMeshAsync(mesh => SoakRun.RunAsync(mesh, TimeSpan.FromMinutes(minutes))),
        };
        return await EndAsync(report);
    }

    private static async Task<int> FuzzAsync(string[] args)
    {
        int[] numbers = [.. args.Select(static a => int.TryParse(a, CultureInfo.InvariantCulture, out var n) ? n : -1)];
        if (numbers is not ([>= 100] or [>= 100, >= 0] or [>= 100, >= 0, >= 0]))
        {
            await Console.Error.WriteLineAsync($"fuzz takes CALLS (100 or more), SEED and the number of the ONLY call that is made, not '{string.Join(' ', args)}'.");
            return 2;
        }
        return await EndAsync(await OnMeshAsync(mesh => FuzzRun.RunAsync(mesh, numbers[0], numbers.ElementAtOrDefault(1), numbers.Length > 2 ? numbers[2] : null, numbers.Length < 3), settings: FuzzRun.Settings));
    }

    private static async Task<int> EndAsync(RunReport report)
    {
        await Console.Out.WriteLineAsync(report.ToString());
        return report.Violations.Count == 0 ? 0 : 1;
    }

    private static async Task<RunReport> ConsistencyAsync(TimeSpan duration)
    {
        await using var mesh = await ProcessCluster.StartAsync(ConsistencyRun.Plan);
        return await ConsistencyRun.RunAsync(mesh, duration, Random.Shared.Next(1, 10_000));
    }

    private static async Task<RunReport> OnMeshAsync(Func<MeshProcess, Task<RunReport>> run, int nodes = 8, params string[] settings)
    {
        await using var mesh = await MeshProcess.StartAsync(readyNodes: nodes, settings: settings);
        return await run(mesh);
    }
}
