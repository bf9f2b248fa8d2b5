using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class ReportTests
{
    [TestMethod]
    public void Page_Self_ContainsEverythingAndAsksNobody()
    {
        var page = ReportPage.Write("seed: 42 # <b>\n", Build(MadeResults.Make("mesh"), MadeResults.Make("baseline_rr", p99Seconds: 5)));
        foreach (var asked in new[] { "src=", "href=", "url(", "@import", "fetch(", "http:", "https:" })
            Assert.DoesNotContain(asked, page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), $"{asked} would need a network");
        Assert.Contains("synthetic", page);
        Assert.Contains("seed: 42 # &lt;b&gt;", page);
        Assert.Contains("prefers-color-scheme: dark", page);
        foreach (var section in new[] { "What it says", "Strategies", "Time to first token", "Requests that wait", "Utilisation" }) Assert.Contains(section, page);
    }

    [TestMethod]
    public void Conclusion_Ties_SaysThatNothingDiffers()
    {
        var sentences = Conclusion.Of(Build(MadeResults.Make("mesh"), MadeResults.Make("baseline_rr")));
        Assert.Contains("All strategies are equal in the 99th percentile of the time to first token (600 ms)", sentences[0]);
        Assert.Contains("One seed only", sentences[^1]);
    }

    [TestMethod]
    public void Conclusion_DifferenceWithinNoise_IsNotClaimed()
    {
        double[] noise = [2, 9, 4, 7, 3];
        var sentences = Conclusion.Of(Build(
        [
            .. noise.Select((p99, i) => MadeResults.Make("mesh", (ulong)i, p99)),
            .. noise.Reverse().Select((p99, i) => MadeResults.Make("baseline_rr", (ulong)i, p99 * 1.1)),
        ]));
        Assert.Contains("but the seeds cannot tell that from chance", sentences[1]);
    }

    [TestMethod]
    public void Conclusion_UnfinishedOrNothing_IsSaid()
    {
        Assert.Contains("mesh completed 49", string.Join(' ', Conclusion.Of(Build(MadeResults.Make("mesh", completed: 500), MadeResults.Make("baseline_rr")))));
        Assert.Contains("No request was completed", Conclusion.Of(Build(MadeResults.Make("mesh", completed: 0)))[0]);
        Assert.Contains("No request met its latency goal", string.Join(' ', Conclusion.Of(Build(MadeResults.Make("mesh", slo: 0), MadeResults.Make("baseline_rr", p99Seconds: 5, slo: 0)))));
    }

    [TestMethod]
    public void Verdict_PairedSeeds_TellsBetterWorseAndSame()
    {
        Assert.AreEqual(VerdictKind.Better, Verdict.Of(Better.Lower, [1, 2, 3], [2, 3.1, 4]).Kind);
        Assert.AreEqual(VerdictKind.Worse, Verdict.Of(Better.Higher, [1, 2, 3], [2, 3.1, 4]).Kind);
        Assert.AreEqual(VerdictKind.Same, Verdict.Of(Better.Lower, [1, 2, 3], [3, 1, 2]).Kind);
        Assert.AreEqual(VerdictKind.Same, Verdict.Of(Better.Lower, [100, 200], [100.5, 201]).Kind, "below the resolution of a quantile");
        Assert.AreEqual(VerdictKind.Unknown, Verdict.Of(Better.Lower, [1], [2]).Kind);
    }

    [TestMethod]
    public void Verdict_NothingMetItsGoal_IsWorseThanAnyPrice()
    {
        var all = Build(MadeResults.Make("none", 1, slo: 0), MadeResults.Make("none", 2, slo: 0), MadeResults.Make("some", 1), MadeResults.Make("some", 2));
        Assert.AreEqual(VerdictKind.Worse, Verdict.Of(Figures.CostPer1kSloMetTokens, all[0], all[1]).Kind);
        Assert.AreEqual(VerdictKind.Better, Verdict.Of(Figures.CostPer1kSloMetTokens, all[1], all[0]).Kind);
    }

    [TestMethod]
    [DataRow(0.0123456, "0.0123456")]
    [DataRow(123456789.0, "123456789")]
    [DataRow(1234.56789, "1234.57")]
    [DataRow(0.0000012345678, "0.00000123457")]
    [DataRow(0.0, "0")]
    [DataRow(double.NaN, "")]
    public void CsvNumber_SixDigits_HasNoExponent(double value, string expected) => Assert.AreEqual(expected, Csv.Number(value));

    [TestMethod]
    public void CsvParse_QuotedFields_ComeBack()
    {
        var csv = new Csv("a", "b");
        csv.Row("x,\"y\"", "1");
        var (columns, rows) = Csv.Parse(csv.ToString())!.Value;
        CollectionAssert.AreEqual(new[] { "a", "b" }, columns.ToArray());
        CollectionAssert.AreEqual(new[] { "x,\"y\"", "1" }, rows.Single().ToArray());
        Assert.IsNull(Csv.Parse("a,b\n1\n"));
    }

    [TestMethod]
    [DataRow(0.0, 97.0)]
    [DataRow(3.0, 0.004)]
    [DataRow(0.0, 0.0)]
    public void Axis_AnyRange_HoldsItsValuesAndHasAFewMarks(double a, double b)
    {
        foreach (var axis in new[] { Axis.Linear([a, b]), Axis.Log([a, b]), Axis.Linear([a, b], fromZero: false) })
        {
            Assert.IsInRange(0, 1, axis.At(a));
            Assert.IsInRange(0, 1, axis.At(b));
            Assert.IsLessThan(13, axis.Marks.Count);
        }
    }

    private static IReadOnlyList<MetricsDocument> Build(params InferMesh.Simulator.Results.StrategyResult[] results) => MetricsBuilder.Build(results, 60);
}
