using System.Globalization;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>Steady load: it holds when every request is complete and the resident memory of API and silos in the last third is at most a tenth above that in the middle third.</summary>
internal static class SoakRun
{
    private const double RequestsPerSecond = 20;
    private const double Tolerance = 0.1;
    private static readonly TimeSpan SamplePeriod = TimeSpan.FromSeconds(2);

    public static async Task<RunReport> RunAsync(MeshProcess mesh, TimeSpan duration)
    {
        using var load = new Load([mesh.Api.BaseAddress!], RequestsPerSecond, (1, 40));
        using var stop = new CancellationTokenSource(duration);
        (string Name, int Pid)[] processes = [("API", mesh.ApiPid()), .. mesh.SiloPids().Select(static (pid, i) => ($"silo {i.ToString(CultureInfo.InvariantCulture)}", pid))];
        var samples = processes.ToDictionary(static p => p.Name, static _ => new List<double>());
        var sending = load.RunAsync(stop.Token);
        while (!stop.IsCancellationRequested)
        {
            foreach (var (name, pid) in processes) samples[name].Add(ProcessUse.ResidentMiB(pid));
            await Task.Delay(SamplePeriod, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await sending;

        var report = new RunReport("Soak: steady load (synthetic fleet)");
        report.AddLoad(load);
        foreach (var (name, _) in processes) ProcessUse.AddMemory(report, name, samples[name], Tolerance);
        report.Forbid("not complete", load.Over.Where(static r => r.End != RequestEnd.Complete));
        return report;
    }
}
