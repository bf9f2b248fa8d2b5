using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;

namespace InferMesh.Tests.Unit.Simulator.Workloads;

/// <summary>Workloads of the tests.</summary>
internal static class Workloads
{
    public static SimConfig Config(ArrivalConfig arrival, double seconds = 1000, ulong seed = 7) =>
        new() { Seed = seed, DurationS = seconds, Workload = new() { Arrival = arrival } };

    public static List<SimRequest> Draw(SimConfig config, double? rps = null, int most = int.MaxValue)
    {
        var source = WorkloadSource.Open(config, rps ?? config.Workload.Arrival.Rps);
        var requests = new List<SimRequest>();
        while (requests.Count < most && source.TryNext(out var request)) requests.Add(request);
        return requests;
    }

    /// <summary>Index of dispersion of counts: variance over mean of the arrivals in windows of the given length.</summary>
    public static double Idc(IEnumerable<double> seconds, double window, double end)
    {
        var counts = new double[(int)(end / window)];
        foreach (var at in seconds)
        {
            if ((int)(at / window) is var w && w < counts.Length) counts[w]++;
        }

        var mean = counts.Average();
        return counts.Sum(c => (c - mean) * (c - mean)) / (counts.Length - 1) / mean;
    }

    /// <summary>Coefficient of variation of the gaps.</summary>
    public static double Cv(IReadOnlyList<double> seconds)
    {
        var gaps = seconds.Skip(1).Zip(seconds, (b, a) => b - a).ToArray();
        var mean = gaps.Average();
        return Math.Sqrt(gaps.Sum(g => (g - mean) * (g - mean)) / gaps.Length) / mean;
    }

    public static string? Data(string file)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is { Length: > 0 } folder) return Path.Combine(folder, file);
        Assert.Inconclusive("INFERMESH_DATA is not set: the published data is not at hand.");
        return null;
    }
}
