using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>One figure of the simulator beside the same one from elsewhere.</summary>
/// <param name="Against">What it is compared with.</param>
/// <param name="Metric">What is compared.</param>
/// <param name="Expected">The other's mean in milliseconds; NaN where only errors are known.</param>
/// <param name="Simulated">Ours in milliseconds; NaN where only errors are known.</param>
/// <param name="Error">Relative error, signed: of the mean, or the median over the points.</param>
/// <param name="P90">90th percentile of the absolute relative errors of requests or points.</param>
/// <param name="Count">Requests or points.</param>
public sealed record ValidationRow(string Against, string Metric, double Expected, double Simulated, double Error, double P90, int Count);

/// <summary>Compares the engine with real vLLM runs, with measured serving points and with a peer simulator.</summary>
public static class ValidationReport
{
    private static readonly string[] Peers = ["tr_chat_r10", "tr_chat_r40", "tr_chat_r80", "tr_sum_r4", "azconv_1x"];

    /// <summary>Every comparison that the data allows.</summary>
    public static IEnumerable<ValidationRow> All(CalibrationData data) => [.. Runs(data), .. Peer(data), .. Silicon(data)];

    /// <summary>Two recorded vLLM runs, replayed with the kernel tables of their machines and with the shipped coefficients.</summary>
    public static IEnumerable<ValidationRow> Runs(CalibrationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        foreach (var (gpu, shipped) in new[] { ("RTX4090", "RTX4090-24G"), ("RTXPRO6000", "RTXPRO6000-96G") })
        {
            var run = data.Run(gpu);
            foreach (var row in Compare($"vLLM on {gpu}, tables", run.Measured, run.Replay(data.TableProfile(gpu, shipped))))
                yield return row;
            if (!EngineProfiles.TryGet(shipped, ModelShape.Llama8B.Name, 1, out var profile))
                continue;
            foreach (var row in Compare($"vLLM on {gpu}, shipped", run.Measured, run.Replay(profile)))
                yield return row;
        }
    }

    /// <summary>Runs of the BLIS simulator, Llama-3.1-8B on an H100, request by request.</summary>
    public static IEnumerable<ValidationRow> Peer(CalibrationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!EngineProfiles.TryGet("H100-80G", ModelShape.Llama8B.Name, 1, out var profile))
            yield break;

        foreach (var name in Peers)
        {
            var (requests, answers) = data.Peer(name);
            var engine = new ContinuousEngine(profile, new EngineSettings { MaxBatchedTokens = 2048 });
            foreach (var row in Compare($"BLIS {name}", answers, EngineReplay.Open(engine, requests)))
                yield return row;
        }
    }

    /// <summary>Measured serving points, by GPU, model, degree and runtime.</summary>
    public static IEnumerable<ValidationRow> Silicon(CalibrationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        foreach (var group in data.Silicon().GroupBy(static point => (point.Backend, point.Profile)))
        {
            var (ttft, tpot) = (new List<double>(), new List<double>());
            foreach (var point in group)
            {
                var engine = new ContinuousEngine(point.Profile, new EngineSettings());
                var times = EngineReplay.Closed(engine, point.PromptTokens, point.OutputTokens, point.Concurrency, 4 * point.Concurrency);
                ttft.Add(times.Average(static time => time.FirstToken) / point.TtftSeconds - 1);
                tpot.Add(times.Average(static time => time.PerToken) / point.TpotSeconds - 1);
            }

            var name = $"{group.Key.Backend}, {group.Key.Profile.Model.Name}, {group.Key.Profile.Gpu} x {group.Key.Profile.TensorParallel}";
            yield return Spread(name, "TTFT", ttft);
            yield return Spread(name, "TPOT", tpot);
        }
    }

    private static IEnumerable<ValidationRow> Compare(string against, IReadOnlyList<RequestTimes> expected, IReadOnlyList<RequestTimes> simulated)
    {
        yield return Compare(against, "TTFT", expected, simulated, static time => time.FirstToken);
        yield return Compare(against, "TPOT", expected, simulated, static time => time.PerToken);
        yield return Compare(against, "E2E", expected, simulated, static time => time.LastToken);
    }

    private static ValidationRow Compare(
        string against, string metric, IReadOnlyList<RequestTimes> expected, IReadOnlyList<RequestTimes> simulated, Func<RequestTimes, double> of)
    {
        var errors = new List<double>();
        var (expectedSum, simulatedSum) = (0.0, 0.0);
        for (var i = 0; i < expected.Count; i++)
        {
            var (other, ours) = (of(expected[i]), of(simulated[i]));
            if (!(other > 0))
                continue;

            expectedSum += other;
            simulatedSum += ours;
            errors.Add(Math.Abs(ours / other - 1));
        }

        return new ValidationRow(
            against, metric, expectedSum / errors.Count * 1e3, simulatedSum / errors.Count * 1e3, simulatedSum / expectedSum - 1, Quantile(errors, 0.9), errors.Count);
    }

    private static ValidationRow Spread(string against, string metric, List<double> errors) =>
        new(against, metric, double.NaN, double.NaN, Quantile(errors, 0.5), Quantile([.. errors.Select(Math.Abs)], 0.9), errors.Count);

    private static double Quantile(List<double> values, double share)
    {
        values.Sort();
        return values.Count == 0 ? double.NaN : values[Math.Min(values.Count - 1, (int)(values.Count * share))];
    }
}
