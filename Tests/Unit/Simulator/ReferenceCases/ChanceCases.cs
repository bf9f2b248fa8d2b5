using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Metrics;
using InferMesh.Simulator.Workload;

namespace InferMesh.Tests.Unit.Simulator.ReferenceCases;

/// <summary>Arrivals, distributions and tails.</summary>
[TestClass]
public sealed class ChanceCases
{
    [TestMethod, TestProperty(ReferenceRow.Property, "mmpp2-rate")]
    public void Mmpp_TwoStates_ArrivesAtItsMeanRate()
    {
        var seconds = 100_000;
        var config = new SimConfig { DurationS = seconds, Workload = new() { Arrival = new() { Type = ArrivalType.Mmpp, RatesRps = [10, 100], DwellS = [10, 2] } } };
        ReferenceRow.Check("mmpp2-rate", (double)Requests(config).Count() / seconds);
    }

    [TestMethod, TestProperty(ReferenceRow.Property, "zipf-top10")]
    public void Tenants_Zipf_ConcentrateAsTheLawSays()
    {
        var draws = 1_000_000;
        var config = new SimConfig { DurationS = 1e9, Workload = new() { Tenants = new() { Count = 1000, ZipfS = 1 } } };
        ReferenceRow.Check("zipf-top10", Requests(config).Take(draws).Count(t => t < 10) / (double)draws);
    }

    [TestMethod, TestProperty(ReferenceRow.Property, "lognorm-mean")]
    public void Lengths_Lognormal_HaveTheMeanOfTheLaw()
    {
        var sampler = new Sampler(new() { Dist = DistKind.Lognormal, Mu = 6, Sigma = 1 });
        var random = new RandomStream(1, 1);
        var draws = 2_000_000;
        ReferenceRow.Check("lognorm-mean", Enumerable.Range(0, draws).Sum(_ => sampler.Draw(random)) / draws);
    }

    [TestMethod, TestProperty(ReferenceRow.Property, "fanout-100")]
    public void FanOut_SlowLeaves_SlowTheRoot()
    {
        var random = new RandomStream(1, 1);
        var roots = 1_000_000;
        var slow = 0;
        for (var i = 0; i < roots; i++)
        {
            for (var leaf = 0; leaf < 100; leaf++)
            {
                if (random.NextUnit() >= 0.01) continue;
                slow++;
                break;
            }
        }
        ReferenceRow.Check("fanout-100", (double)slow / roots);
    }

    [TestMethod, TestProperty(ReferenceRow.Property, "hedge-exp-p99")]
    public void Hedge_AtP95_CutsTheTail()
    {
        const double MeanNs = 100e6;
        var delay = MeanNs * Math.Log(20);
        var random = new RandomStream(1, 1);
        var latency = new Histogram();
        var requests = 2_000_000;
        var hedged = 0;
        for (var i = 0; i < requests; i++)
        {
            var first = random.NextExponential(MeanNs);
            if (first > delay) hedged++;
            latency.Add((long)(first > delay ? Math.Min(first, delay + random.NextExponential(MeanNs)) : first));
        }
        Assert.AreEqual(0.05, (double)hedged / requests, 0.001);
        ReferenceRow.Check("hedge-exp-p99", latency.QuantileSeconds(0.99) * 1e3);
    }

    private static IEnumerable<int> Requests(SimConfig config)
    {
        var source = WorkloadSource.Open(config, 100);
        while (source.TryNext(out var request)) yield return request.Tenant;
    }
}
