using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Strategies.Experiments;

/// <summary>What docs/experiments.md says of false alarms and of the traffic that a bad arm costs, by simulation.</summary>
[TestClass]
public sealed class ExperimentProofTests
{
    private const int Runs = 1_000;

    // Of the runs with a worse arm: seconds on two slow cores.
    private const int Trialled = 200;

    // Of the logarithm of the time to first token: more than that of all recordings but one.
    private const double Sigma = 0.8;

    public required TestContext TestContext { get; init; }

    [TestMethod]
    [DataRow("lognormal")]
    [DataRow("mixture")]
    public void AA_LookedAtAllTheTime_AlarmsInAtMostFiveOfAHundredRuns(string law)
    {
        const int Requests = 10_000, PerLook = 50;
        var (spec, ttft) = (Trials.Spec(), Trials.Ttft(law));
        var alarms = Trials.Count(Runs, seed => Alarms(spec, seed, Requests, PerLook, (random, _) => ttft(random)));
        TestContext.WriteLine($"{law}: {alarms} of {Runs} runs");
        Assert.IsLessThanOrEqualTo(Runs / 20, alarms);
    }

    [TestMethod]
    public void AA_UnderLoadThatComesAndGoes_AlarmsInAtMostFiveOfAHundredRuns()
    {
        // All requests of a while share a factor of up to three, as in a queue that builds up and drains: nothing is independent, but the arms share it.
        const int Requests = 10_000, PerLook = 100;
        var (spec, ttft) = (Trials.Spec(), Trials.Ttft("lognormal"));
        var alarms = Trials.Count(Runs / 2, seed =>
        {
            var load = 0.0;
            return Alarms(spec, seed, Requests, PerLook, (random, _) => ttft(random) * Math.Exp(load = 0.998 * load + 0.04 * random.NextNormal()));
        });
        TestContext.WriteLine($"{alarms} of {Runs / 2} runs");
        Assert.IsLessThanOrEqualTo(Runs / 2 / 20, alarms);
    }

    /// <summary>Counts need no large numbers: looked at from the first request on, after every one.</summary>
    [TestMethod]
    public void AA_OfCountsFromTheFirstRequestOn_AlarmsInAtMostFiveOfAHundredRuns()
    {
        const int Requests = 300;
        var (level, ttft) = (new TestLevel(0.025, 1, 1, 1, 1_000), Trials.Ttft("mixture"));
        foreach (var metric in new[] { ExperimentMetric.Quantile(Measure.Ttft, 0.5), Trials.TtftP95, ExperimentMetric.ErrorRate })
        {
            var alarms = Trials.Count(Runs, seed =>
            {
                RandomStream random = new(seed, 80);
                ArmTally[] arms = [new(), new()];
                for (var i = 0; i < Requests; i++)
                {
                    arms[random.NextUnit() < 0.5 ? 0 : 1].Record(new(ttft(random), 1, double.NaN, random.NextUnit() < 0.03));
                    var test = MetricTest.Of(metric, arms[0], arms[1], level);
                    if (test.IsAbove(0) || test.IsBelow(0)) return true;
                }
                return false;
            });
            TestContext.WriteLine($"{metric}: {alarms} of {Runs} runs");
            Assert.IsLessThanOrEqualTo(Runs / 20, alarms);
        }
    }

    /// <summary>Whole sessions of 20 requests are assigned, which are as alike as a correlation of 0.5 makes them.</summary>
    [TestMethod]
    public void AA_BySession_NeedsTheDesignEffectAndHoldsWithIt()
    {
        const int Of = 500, Sessions = 500, PerSession = 20;
        var plain = Trials.Count(Of, seed => Alarm(Trials.Spec(), seed));
        var deflated = Trials.Count(Of, seed => Alarm(Trials.Spec() with { DesignEffect = 1 + (PerSession - 1) * 0.5 }, seed));
        TestContext.WriteLine($"{plain} of {Of} runs without, {deflated} with it");
        Assert.IsLessThanOrEqualTo(Of / 20, deflated);
        Assert.IsGreaterThan(Of / 20, plain);

        static bool Alarm(ExperimentSpec spec, ulong seed)
        {
            RandomStream random = new(seed, 81);
            ArmTally[] arms = [new(), new()];
            var state = ExperimentState.Start(0);
            for (var session = 0; session < Sessions; session++)
            {
                var (arm, own) = (arms[random.NextUnit() < 0.5 ? 0 : 1], random.NextNormal());
                for (var i = 0; i < PerSession; i++) arm.Record(new(0.2 * Math.Exp(0.7 * (own + random.NextNormal())), 2 * Math.Exp(0.7 * (own + random.NextNormal())), double.NaN, false));
                if (!ExperimentRules.CanCompare(spec, arms, 1)) continue;
                foreach (var metric in new[] { spec.Primary, Trials.E2e })
                {
                    var test = ExperimentRules.TestOf(spec, state, arms, 1, metric);
                    if (test.IsAbove(0) || test.IsBelow(0)) return true;
                }
            }
            return false;
        }
    }

    /// <summary>What the intervals are for: the usual one of 95 %, right at one moment, in the same situation.</summary>
    [TestMethod]
    public void AA_ByAUsualIntervalLookedAtAllTheTime_AlarmsInMoreThanAQuarterOfTheRuns()
    {
        const int Of = 500, Requests = 10_000, PerLook = 50, First = 1_000;
        var alarms = Trials.Count(Of, seed =>
        {
            RandomStream random = new(seed, 79);
            double n = 0, difference = 0;
            for (var i = 1; i <= Requests; i++)
            {
                // Logarithms of equal spread in two arms of equal size.
                difference += i % 2 == 0 ? random.NextNormal() : -random.NextNormal();
                n++;
                if (i % PerLook == 0 && i >= First && Math.Abs(difference) > 1.96 * Math.Sqrt(n)) return true;
            }
            return false;
        });
        TestContext.WriteLine($"{alarms} of {Of} runs");
        Assert.IsGreaterThan(Of / 4, alarms);
    }

    /// <summary>A budget of 1,000,000 requests; the first token is late for all requests, or for the slower half only.</summary>
    [TestMethod]
    [DataRow("all", 0.0, 1_000)]
    [DataRow("the slower half", 0.2, 200)]
    public void AB_TenPercentWorseAtP95_IsStoppedWithinFivePercentOfTheBudget(string what, double tailFrom, int runs)
    {
        var spec = Trials.Spec();
        var requests = UntilStopped(spec, random => Trials.LogNormal(random, 0.2, Sigma), spec.TrafficBudget / 20, tailFrom, runs);
        TestContext.WriteLine($"{what}: {Stopped(spec, requests)} of {runs} runs, half of them within {requests[runs / 2]:n0} requests, 95 of 100 within {requests[runs * 95 / 100]:n0}");
        Assert.IsGreaterThanOrEqualTo(runs * 95 / 100, Stopped(spec, requests));
    }

    /// <summary>The table of docs/experiments.md: requests within which 95 of 100 runs are stopped, by the standard deviation of the logarithm of the time to first token.</summary>
    [TestMethod]
    [DataRow(0.25, 7_000)]
    [DataRow(0.5, 20_000)]
    [DataRow(0.8, 50_000)]
    [DataRow(1.0, 75_000)]
    [DataRow(1.5, 165_000)]
    public void AB_TenPercentWorseAtP95_BySpread_TakesWhatThePageSays(double sigma, int within)
    {
        var spec = Trials.Spec();
        var requests = UntilStopped(spec, random => Trials.LogNormal(random, 0.2, sigma), within);
        TestContext.WriteLine($"sigma {sigma}: half within {requests[Trialled / 2]:n0}, 95 of 100 within {requests[Trialled * 95 / 100]:n0}");
        Assert.IsLessThanOrEqualTo(within, requests[Trialled * 95 / 100]);
    }

    [TestMethod]
    public void AB_OnTheAzureConversationTrace_IsStoppedWithinFivePercentOfTheBudget()
    {
        var (spec, times) = (Trials.Spec(), RecordedTimes.AzureConversation());
        var requests = UntilStopped(spec, RecordedTimes.Draws(times), spec.TrafficBudget / 20);
        TestContext.WriteLine($"sigma {RecordedTimes.Sigma(times):0.00}: {Stopped(spec, requests)} of {Trialled} runs, 95 of 100 within {requests[Trialled * 95 / 100]:n0}");
        Assert.IsGreaterThanOrEqualTo(Trialled * 95 / 100, Stopped(spec, requests));
    }

    /// <summary>All providers together: 95 of 100 requests come from fast ones, so that the quantile lies in the gap before the slow ones, where few values tell a shift.</summary>
    [TestMethod]
    public void AB_WhereTheQuantileLiesInAGap_IsNotFoundByIt()
    {
        var (spec, times) = (Trials.Spec(), RecordedTimes.Providers().Values.SelectMany(t => t).ToArray());
        var requests = UntilStopped(spec, RecordedTimes.Draws(times), spec.TrafficBudget / 20);
        TestContext.WriteLine($"sigma {RecordedTimes.Sigma(times):0.00}: {Stopped(spec, requests)} of {Trialled} runs within {spec.TrafficBudget / 20:n0}");
        Assert.IsLessThan(Trialled / 2, Stopped(spec, requests));
        // The geometric mean of the same times finds it.
        var byMean = spec with { Primary = ExperimentMetric.GeometricMean(Measure.Ttft) };
        Assert.IsGreaterThanOrEqualTo(Trialled * 95 / 100, Stopped(byMean, UntilStopped(byMean, RecordedTimes.Draws(times), spec.TrafficBudget / 20)));
    }

    [TestMethod]
    public void Sigma_OfRecordings_IsBelowThatOfTheProofInAllButOne()
    {
        var all = RecordedTimes.Providers();
        foreach (var (name, times) in all) TestContext.WriteLine($"{name}: {times.Length} requests, sigma {RecordedTimes.Sigma(times):0.00}");
        Assert.HasCount(1, all.Where(p => RecordedTimes.Sigma(p.Value) > Sigma).ToArray());
        Assert.IsLessThan(1.1, all.Max(p => RecordedTimes.Sigma(p.Value)));
    }

    /// <summary>Requests until the challenger is stopped, of each run, in order of size.</summary>
    private static long[] UntilStopped(ExperimentSpec spec, Func<RandomStream, double> ttft, long limit, double tailFrom = 0, int runs = Trialled)
    {
        var requests = new long[runs];
        Parallel.For(0, runs, i => requests[i] = Trials.RequestsUntilStopped(spec, ttft, (ulong)i + 1, limit, 1.1, tailFrom));
        Array.Sort(requests);
        return requests;
    }

    private static int Stopped(ExperimentSpec spec, long[] requests) => requests.Count(r => r <= spec.TrafficBudget / 20);

    /// <summary>Whether any interval of any metric ever excludes that the arms are alike, which they are.</summary>
    private static bool Alarms(ExperimentSpec spec, ulong seed, int requests, int perLook, Func<RandomStream, int, double> ttft)
    {
        RandomStream random = new(seed, 78);
        ArmTally[] arms = [new(), new()];
        var state = ExperimentState.Start(0);
        ExperimentMetric[] metrics = [spec.Primary, .. spec.Guardrails.Select(g => g.Metric)];
        for (var i = 1; i <= requests; i++)
        {
            var seconds = ttft(random, i);
            arms[random.NextUnit() < 0.5 ? 0 : 1].Record(new(seconds, seconds + Trials.LogNormal(random, 2, 0.8), double.NaN, random.NextUnit() < 0.01));
            if (i % perLook != 0 || !ExperimentRules.CanCompare(spec, arms, 1)) continue;
            foreach (var metric in metrics)
            {
                var test = ExperimentRules.TestOf(spec, state, arms, 1, metric);
                if (test.IsAbove(0) || test.IsBelow(0)) return true;
            }
        }
        return false;
    }
}
