using System.Diagnostics;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>
/// A mesh under load whose runtimes are killed, hung, slowed and made to refuse, and one of whose silos is killed twice. It holds when every request that was accepted and had not begun to
/// stream got its whole answer, none took longer than its limit, hardly any was refused, and nothing is in flight when all is over. An answer that had begun may break off with its runtime, and only then.
/// </summary>
internal static class ChaosRun
{
    private const double RequestsPerSecond = 12;
    private const double MostRefused = 0.01;

    /// <summary>The reservation of a call that was lost with a silo ends with its lease of two minutes.</summary>
    private static readonly TimeSpan UntilIdle = TimeSpan.FromSeconds(150);

    public static async Task<RunReport> RunAsync(MeshProcess mesh, TimeSpan duration)
    {
        using var load = new Load([mesh.Api.BaseAddress!], RequestsPerSecond, (1, 60));
        using var faults = new Faults(mesh.AdminPort, await mesh.NodesAsync("ready"), seed: 1);
        using var stop = new CancellationTokenSource(duration);
        var kills = KillTwiceAsync(mesh, duration);
        var breaking = faults.RunAsync(() => load.Elapsed, stop.Token);
        await load.RunAsync(stop.Token);
        await breaking;

        var report = new RunReport("Chaos: runtimes killed, hung, slowed and refusing, one silo killed twice (synthetic fleet)");
        report.AddLoad(load);
        foreach (var kind in faults.Past.CountBy(static f => f.Kind).OrderBy(static k => k.Key, StringComparer.Ordinal)) report.Add($"faults: {kind.Key}", $"{kind.Value}");
        report.Add("silo kills", $"{await kills}");
        Judge(report, load, faults);
        await AwaitIdleAsync(report, mesh);
        if (report.Violations.Count > 0) report.Violations.AddRange(mesh.Errors().Take(5));
        return report;
    }

    private static void Judge(RunReport report, Load load, Faults faults)
    {
        var over = load.Over;
        var broken = over.Where(static r => r.End == RequestEnd.Broken).ToArray();
        var withRuntime = broken.Where(r => faults.Past.Any(f => f.Kind == "fail" && f.Node == r.Node && f.From <= r.Ended && f.To >= r.Started)).ToArray();
        var refused = over.Where(static r => r.End == RequestEnd.Refused).ToArray();
        report.Add("answers broken off with their runtime", $"{withRuntime.Length}");
        report.Add("refused before acceptance", $"{refused.Length} (at most {MostRefused:P0})");
        if (refused.Length > MostRefused * over.Count) report.Violations.Add($"{refused.Length} refusals: {string.Join("; ", refused.CountBy(static r => r.Detail).Select(static d => $"{d.Value}x {d.Key}"))}");
        report.Forbid("answers broken off otherwise", broken.Except(withRuntime));
        report.Forbid("accepted and lost", over.Where(static r => r.End == RequestEnd.Lost));
        report.Forbid("stuck", over.Where(static r => r.End == RequestEnd.Stuck));
    }

    private static async Task AwaitIdleAsync(RunReport report, MeshProcess mesh)
    {
        var clock = Stopwatch.StartNew();
        var inFlight = await InFlight.ReadAsync(mesh);
        while (!inFlight.IsZero && clock.Elapsed < UntilIdle)
        {
            await Task.Delay(500);
            inFlight = await InFlight.ReadAsync(mesh);
        }
        report.Add("in flight at the end", $"ingress {inFlight.Ingress:0}, reservations {inFlight.Reservations:0}, runtimes {inFlight.Runtimes}; after {clock.Elapsed.TotalSeconds:0.0} s");
        if (!inFlight.IsZero) report.Violations.Add($"in flight after {UntilIdle.TotalSeconds:0} s: {inFlight}");
    }

    private static async Task<int> KillTwiceAsync(MeshProcess mesh, TimeSpan duration)
    {
        var first = mesh.SiloPids();
        await Task.Delay(duration * 0.25);
        MeshProcess.Kill(first[0], 9);
        await ExternalProcess.UntilAsync(() => Task.FromResult(mesh.SiloPids().Except(first).Any()), TimeSpan.FromMinutes(1), "the killed silo is started again");
        await Task.Delay(duration * 0.35);
        MeshProcess.Kill(mesh.SiloPids().Except(first).Single(), 9);
        return 2;
    }
}
