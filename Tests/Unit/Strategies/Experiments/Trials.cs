using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Workload;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

/// <summary>Made outcomes for experiments: many runs, each a function of its number alone.</summary>
internal static class Trials
{
    public static readonly ExperimentMetric TtftP95 = ExperimentMetric.Quantile(Measure.Ttft, 0.95);
    public static readonly ExperimentMetric E2e = ExperimentMetric.GeometricMean(Measure.E2e);

    /// <summary>An experiment of two arms by the 95th percentile of the time to first token, with the whole time and errors guarded; nothing waits for anything.</summary>
    public static ExperimentSpec Spec(params string[] arms) => new()
    {
        Name = "trial",
        Arms = [.. (arms.Length > 0 ? arms : ["control", "challenger"]).Select(a => new ExperimentArm(a, 1, "mesh"))],
        Primary = TtftP95,
        Guardrails = [new(E2e, 0.05), new(ExperimentMetric.ErrorRate, 0.01)],
        Promotion = new() { MinRequestsPerArm = 1_000, MinDuration = TimeSpan.Zero },
    };

    /// <summary>How many of so many runs are so.</summary>
    public static int Count(int runs, Func<ulong, bool> run)
    {
        var count = 0;
        Parallel.For(0, runs, i =>
        {
            if (run((ulong)i + 1)) Interlocked.Increment(ref count);
        });
        return count;
    }

    /// <summary>Times to first token in seconds, heavy-tailed. <c>lognormal</c>: median 0.2 s, the logarithm's standard deviation 1. <c>mixture</c>: 94 of 100 near 0.2 s, 5 that queue for about 2 s, 1 that waits for a model to load, some 20 s.</summary>
    public static Func<RandomStream, double> Ttft(string law) => law switch
    {
        "lognormal" => random => LogNormal(random, 0.2, 1),
        "mixture" => random => random.NextUnit() switch
        {
            < 0.94 => LogNormal(random, 0.2, 0.4),
            < 0.99 => LogNormal(random, 2, 0.8),
            _ => LogNormal(random, 20, 0.5),
        },
        _ => throw new ArgumentException($"There is no law {law}.", nameof(law)),
    };

    public static double LogNormal(RandomStream random, double median, double sigma) => median * Math.Exp(sigma * Ziggurat.Next(random));

    /// <summary>Requests until the challenger is stopped, its times to first token above <paramref name="tailFrom"/> being <paramref name="factor"/> times as long and all else equal; the budget when it is not.</summary>
    public static long RequestsUntilStopped(ExperimentSpec spec, Func<RandomStream, double> ttft, ulong seed, long limit, double factor, double tailFrom = 0)
    {
        const int PerLook = 250;
        RandomStream random = new(seed, 77);
        ArmTally[] arms = [new(), new()];
        var state = ExperimentState.Start(0);
        for (var i = 1L; i <= limit; i++)
        {
            var arm = random.NextUnit() < 0.5 ? 0 : 1;
            var seconds = ttft(random);
            arms[arm].Record(new(arm == 1 && seconds >= tailFrom ? seconds * factor : seconds, 1, double.NaN, false));
            if (i % PerLook != 0) continue;
            state = ExperimentRules.Step(spec, state, arms, i).State;
            if (state.Phase == ExperimentPhase.Stopped) return i;
        }
        return limit + 1;
    }
}
