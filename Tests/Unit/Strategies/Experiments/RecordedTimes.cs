using InferMesh.Simulator.Calibration;
using InferMesh.Simulator.Engine;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

/// <summary>Times to first token of recordings, seconds, in the folder that INFERMESH_DATA names.</summary>
internal static class RecordedTimes
{
    /// <summary>The Azure conversation trace of 2023, answered by a simulator of vLLM on H100: 19,366 requests.</summary>
    public static double[] AzureConversation() =>
        [.. GzipCsv.Read(File("blis/peer-azconv_1x.csv.gz"), "arrival_us", "first_token_us").Select(c => (GzipCsv.Number(c[1]) - GzipCsv.Number(c[0])) / 1e6)];

    /// <summary>Requests to eight hosted providers in 2023, by provider and model, of those with 100 and more.</summary>
    public static Dictionary<string, double[]> Providers() =>
        GzipCsv.Read(File("llmperf-2023/requests.csv.gz"), "provider", "model_size", "ttft_s").Where(c => c[2].Length > 0 && GzipCsv.Number(c[2]) > 0)
            .GroupBy(c => $"{c[0]} {c[1]}", c => GzipCsv.Number(c[2])).Where(g => g.Count() >= 100).ToDictionary(g => g.Key, g => g.ToArray());

    /// <summary>Draws of a recording, with replacement.</summary>
    public static Func<RandomStream, double> Draws(double[] times) => random => times[(int)(random.NextUnit() * times.Length)];

    /// <summary>Standard deviation of the logarithms.</summary>
    public static double Sigma(double[] times)
    {
        var logs = Array.ConvertAll(times, Math.Log);
        var mean = logs.Average();
        return Math.Sqrt(logs.Average(l => (l - mean) * (l - mean)));
    }

    private static string File(string path)
    {
        var root = Environment.GetEnvironmentVariable("INFERMESH_DATA");
        if (string.IsNullOrEmpty(root)) Assert.Inconclusive("INFERMESH_DATA is not set: it names the folder with recordings");
        return Path.Combine(root!, path);
    }
}
