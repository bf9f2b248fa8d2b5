using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Workload;
using InferMesh.Simulator.Workload.Arrivals;

namespace InferMesh.Tests.Unit.Simulator.Workloads;

[TestClass]
public sealed class ArrivalTimesTests
{
    private static readonly ArrivalConfig Mmpp2 = new() { Type = ArrivalType.Mmpp, RatesRps = [10, 100], DwellS = [10, 2] };

    [TestMethod]
    public void Mmpp_OfTwoStates_HasTheReferenceRateAndBurstiness()
    {
        // Reference case mmpp2-rate: 25/s within 3 %, and the index of dispersion at 1 s 38.20 within 10 %.
        const double Seconds = 1e5;
        var times = Times(Mmpp2, Seconds);

        Assert.AreEqual(25, times.Count / Seconds, 25 * 0.03);
        Assert.AreEqual(38.20, Workloads.Idc(times, 1, Seconds), 38.20 * 0.10);
        Assert.AreEqual(25, WorkloadSource.Means(Workloads.Config(Mmpp2)).TraceRps, 1e-9);
    }

    [TestMethod]
    public void Mmpp_OverLongWindows_NearsTheLimitOfItsBurstiness()
    {
        // Reference case mmpp2-rate: the limit of the index of dispersion is 151 within 15 %; 100 s are 60 times the relaxation time of 1.67 s.
        const double Seconds = 4e5;
        Assert.AreEqual(151, Workloads.Idc(Times(Mmpp2, Seconds), 100, Seconds), 151 * 0.15);
    }

    [TestMethod]
    public void Mmpp_WithFixedDwell_StartsInTheFirstStateAndTurns()
    {
        var times = Times(new() { Type = ArrivalType.Mmpp, RatesRps = [0, 1000], DwellS = [3, 2], Dwell = DwellKind.Fixed }, 10);

        Assert.IsTrue(times.TrueForAll(t => t % 5 >= 3));
        Assert.AreEqual(4000, times.Count, 300);
    }

    [TestMethod]
    public void Mmpp_WithALoad_IsScaledToTheRate()
    {
        var config = Workloads.Config(Mmpp2 with { Rho = 0.5 }, 1e5);
        Assert.AreEqual(5, Workloads.Draw(config, rps: 5).Count / 1e5, 5 * 0.04);
    }

    [TestMethod]
    [DataRow(ArrivalType.Poisson, 1.0, 1.0)]
    [DataRow(ArrivalType.Gamma, 0.5, 0.5)]
    [DataRow(ArrivalType.Gamma, 4.0, 4.0)]
    [DataRow(ArrivalType.Weibull, 0.5, 0.5)]
    [DataRow(ArrivalType.Weibull, 3.0, 3.0)]
    [DataRow(ArrivalType.Constant, 1.0, 0.0)]
    public void Renewal_OfACoefficientOfVariation_HasItAndItsRate(ArrivalType type, double cv, double expected)
    {
        var times = Times(new() { Type = type, Rps = 50, Cv = cv }, 20_000);

        Assert.AreEqual(50, times.Count / 20_000.0, 50 * 0.02);
        Assert.AreEqual(expected, Workloads.Cv(times), 0.03 * Math.Max(1, expected));
    }

    [TestMethod]
    public void Renewal_OfBurstyGaps_HasItsRateFromTheStart()
    {
        // Without the remainder as the first gap the first second of bursty processes would see several times the rate.
        var first = Enumerable.Range(0, 4000).Sum(seed => Workloads.Draw(Workloads.Config(new() { Type = ArrivalType.Gamma, Rps = 5, Cv = 4 }, 1, (ulong)seed)).Count);
        Assert.AreEqual(5, first / 4000.0, 0.5);
    }

    [TestMethod]
    public void Clients_OfOneWindow_SumToTheRate()
    {
        List<ClientWindow>[] clients = [[new(0, 3, GapLaw.Gamma(1)), new(600, 9, GapLaw.Gamma(1))], [new(600, 2, GapLaw.WeibullOfShape(0.7))]];
        var times = new ClientTimes(clients, 1, 0, 1200, 14);
        var drawn = new List<double>();
        while (times.NextSeconds() is var at && at < 1200) drawn.Add(at);

        Assert.AreEqual(7, ClientTimes.MeanRps(clients, 0, 1200), 1e-9);
        Assert.AreEqual(14 * 1200, drawn.Count, 14 * 1200 * 0.05);
        Assert.AreEqual(6 * 600, drawn.Count(t => t < 600), 6 * 600 * 0.1, "the factor is one for all windows");
        Assert.IsTrue(drawn.Zip(drawn.Skip(1)).All(p => p.First <= p.Second));
    }

    [TestMethod]
    [DataRow("a,b\n1,2\n", "first line")]
    [DataRow("client,start_s,rate_rps,cv,dist,p1,p2\n0,0,x,1,Gamma,1,1\n", "line 2")]
    [DataRow("client,start_s,rate_rps,cv,dist,p1,p2\n", "no client")]
    public void Clients_MalformedFile_SaysWhere(string text, string expected)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            Assert.Contains(expected, Assert.ThrowsExactly<FormatException>(() => ClientTimes.Load(path)).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void Clients_OfServeGen_HaveTheRateThatWasAskedFor()
    {
        if (Workloads.Data("servegen/clients-language-m-large.csv.gz") is not { } file) return;
        var times = Times(new() { Type = ArrivalType.Clients, File = file, Rps = 40, StartS = 36_000 }, 7200);

        Assert.AreEqual(40, times.Count / 7200.0, 40 * 0.05);
        Assert.IsGreaterThan(2, Workloads.Idc(times, 60, 7200), "clients are bursty: a Poisson process has 1");
    }

    private static List<double> Times(ArrivalConfig arrival, double seconds)
    {
        var config = Workloads.Config(arrival, seconds);
        var times = ArrivalTimes.Open(config, arrival.Rps, seconds);
        var drawn = new List<double>();
        while (times.NextSeconds() is var at && at < seconds) drawn.Add(at);
        return drawn;
    }
}
