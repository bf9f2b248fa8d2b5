using System.Globalization;
using System.Text.RegularExpressions;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>
/// A thousand agents (synthetic) that report once a second over gRPC: it holds when 99 of 100 readings in the routing tables of the silos are at most two seconds old, no node is ever taken for
/// silent at the end, and the memory of API and silos in the last third is at most a tenth above that in the middle third.
/// </summary>
internal static partial class AgentsRun
{
    public const int Nodes = 1000;

    private const double MostSeconds = 2;
    private const double Tolerance = 0.1;
    private static readonly TimeSpan SamplePeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    public static string[] Mesh { get; } = [string.Create(CultureInfo.InvariantCulture, $"--Mesh:FleetNodes={Nodes}"), "--Mesh:FleetCells=4"];

    public static async Task<RunReport> RunAsync(MeshProcess mesh, TimeSpan duration)
    {
        // The first code runs before it is optimised.
        await Task.Delay(WarmUp);
        (string Name, int Pid)[] processes = [("API", mesh.ApiPid()), .. mesh.SiloPids().Select(static (pid, i) => ($"silo {i.ToString(CultureInfo.InvariantCulture)}", pid))];
        var memory = processes.ToDictionary(static p => p.Name, static _ => new List<double>());
        var cpu = processes.ToDictionary(static p => p.Name, static p => ProcessUse.CpuSeconds(p.Pid));
        var before = await AgesAsync(mesh);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (clock.Elapsed < duration)
        {
            foreach (var (name, pid) in processes) memory[name].Add(ProcessUse.ResidentMiB(pid));
            await Task.Delay(SamplePeriod);
        }
        var ages = (await AgesAsync(mesh)).Select(bucket => (Most: bucket.Key, Count: bucket.Value - before.GetValueOrDefault(bucket.Key))).OrderBy(static b => b.Most).ToArray();

        var report = new RunReport($"Agents: {Nodes} at 1 Hz (synthetic fleet)");
        report.Add("duration", $"{clock.Elapsed.TotalSeconds:0} s");
        report.Add("ready nodes at the end", $"{(await mesh.NodesAsync("ready")).Count}");
        report.Add("readings looked at", $"{ages[^1].Count:0}");
        foreach (var share in new[] { 0.5, 0.9, 0.99, 0.999 }) report.Add($"age in the routing table p{share * 100}", $"at most {Quantile(ages, share):0.##} s");
        foreach (var (name, pid) in processes) report.Add($"processor time of {name}", $"{(ProcessUse.CpuSeconds(pid) - cpu[name]) / clock.Elapsed.TotalSeconds:0.00} cores");
        foreach (var (name, _) in processes) ProcessUse.AddMemory(report, name, memory[name], Tolerance);
        if (Quantile(ages, 0.99) > MostSeconds) report.Violations.Add($"the 99th percentile of the age is above {MostSeconds} s");
        if ((await mesh.NodesAsync("ready")).Count < Nodes) report.Violations.Add("not all nodes are ready");
        return report;
    }

    private static double Quantile((double Most, double Count)[] buckets, double share) => buckets.First(b => b.Count >= share * buckets[^1].Count).Most;

    /// <summary>Readings by the upper bound of their age, cumulative, over all silos.</summary>
    private static async Task<Dictionary<double, double>> AgesAsync(MeshProcess mesh)
    {
        using var client = new HttpClient();
        var ages = new Dictionary<double, double>();
        foreach (var silo in mesh.SiloAddresses())
        {
            foreach (Match bucket in Bucket().Matches(await client.GetStringAsync(new Uri(silo, "/metrics"))))
            {
                var most = bucket.Groups[1].Value == "+Inf" ? double.PositiveInfinity : double.Parse(bucket.Groups[1].Value, CultureInfo.InvariantCulture);
                ages[most] = ages.GetValueOrDefault(most) + double.Parse(bucket.Groups[2].Value, CultureInfo.InvariantCulture);
            }
        }
        return ages;
    }

    [GeneratedRegex(@"infermesh_routing_signal_age_seconds_bucket\{[^}]*le=""([^""]+)""[^}]*\} (\d+)")]
    private static partial Regex Bucket();
}
