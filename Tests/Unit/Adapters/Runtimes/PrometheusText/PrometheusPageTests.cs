using System.Text;
using CsCheck;
using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.PrometheusText;

[TestClass]
public sealed class PrometheusPageTests
{
    [TestMethod]
    public void Parse_MetadataAndSamples_AreGroupedByFamily()
    {
        var page = Clean("""
            # HELP http_requests Requests \\ seen\nso far.
            # TYPE http_requests counter
            http_requests{method="post",code="200"} 1027 1395066363000
            http_requests{method="post",code="400"}    3
            # an ordinary comment
            #TYPE up gauge
            up 1

            plain_untyped 4.5e-3
            """);

        Assert.HasCount(3, page.Families);
        Assert.IsTrue(page.TryGetFamily("http_requests", out var family));
        Assert.AreEqual(PrometheusMetricType.Counter, family.Type);
        Assert.AreEqual("Requests \\ seen\nso far.", family.Help);
        Assert.HasCount(2, family.Samples);
        Assert.AreEqual(DateTimeOffset.FromUnixTimeMilliseconds(1395066363000), family.Samples[0].Timestamp);
        Assert.IsNull(family.Samples[1].Timestamp);
        Assert.IsTrue(page.TryGetValue("plain_untyped", null, out var value));
        Assert.AreEqual(0.0045, value);
        Assert.AreEqual(PrometheusMetricType.Unknown, page.Families[2].Type);
        Assert.IsFalse(page.IsOpenMetrics);
    }

    [TestMethod]
    [DataRow("1", 1.0)]
    [DataRow("+2.5", 2.5)]
    [DataRow("-0.1", -0.1)]
    [DataRow(".5", 0.5)]
    [DataRow("1e3", 1000.0)]
    [DataRow("NaN", double.NaN)]
    [DataRow("nan", double.NaN)]
    [DataRow("+Inf", double.PositiveInfinity)]
    [DataRow("Inf", double.PositiveInfinity)]
    [DataRow("-Inf", double.NegativeInfinity)]
    [DataRow("-infinity", double.NegativeInfinity)]
    public void Parse_NumberSpellings_AreUnderstood(string text, double expected)
    {
        Assert.IsTrue(Clean($"m {text}\n").TryGetValue("m", null, out var value));
        Assert.AreEqual(expected, value);
    }

    [TestMethod]
    public void Parse_LabelEscapes_AreResolved()
    {
        var page = Clean("m{path=\"C:\\\\DIR\",error=\"a \\\"b\\\"\\nc\",odd=\"\\q\",brace=\"}{,=\",empty=\"\",utf=\"µ→\"} 1\n");
        var labels = page.Families[0].Samples[0].Labels;

        Assert.AreEqual("C:\\DIR", labels["path"]);
        Assert.AreEqual("a \"b\"\nc", labels["error"]);
        Assert.AreEqual("\\q", labels["odd"]);
        Assert.AreEqual("}{,=", labels["brace"]);
        Assert.AreEqual("", labels["empty"]);
        Assert.AreEqual("µ→", labels["utf"]);
        Assert.IsNull(labels["absent"]);
    }

    [TestMethod]
    public void Parse_TrailingCommaSpacesTabsAndCrlf_AreAccepted()
    {
        var page = Clean("# TYPE a gauge\r\na{x=\"1\",} 1\r\nb { x = \"1\" , y=\"2\" }\t2 \r\n  c  3\r\n\r\n");

        Assert.IsTrue(page.TryGetValue("a", PrometheusLabels.Of("x", "1"), out var a));
        Assert.IsTrue(page.TryGetValue("b", PrometheusLabels.Of("y", "2"), out var b));
        Assert.IsTrue(page.TryGetValue("c", null, out var c));
        CollectionAssert.AreEqual(new[] { 1.0, 2.0, 3.0 }, new[] { a, b, c });
    }

    [TestMethod]
    public void Parse_OpenMetrics_UnderstandsUnitsTotalsExemplarsAndSeconds()
    {
        var page = Clean("""
            # TYPE foo_seconds counter
            # UNIT foo_seconds seconds
            # HELP foo_seconds Says \"hi\".
            foo_seconds_total{a="1"} 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67 1520879606.5
            foo_seconds_created{a="1"} 1520430000.123
            # TYPE build info
            build_info{version="1"} 1
            # EOF
            """);

        Assert.IsTrue(page.IsOpenMetrics);
        Assert.IsTrue(page.TryGetFamily("foo_seconds", out var family));
        Assert.AreEqual("seconds", family.Unit);
        Assert.AreEqual("Says \"hi\".", family.Help);
        Assert.HasCount(2, family.Samples);
        Assert.AreEqual(DateTimeOffset.FromUnixTimeMilliseconds(1520879607789), family.Samples[0].Timestamp);
        var exemplar = family.Samples[0].Exemplar!;
        Assert.AreEqual("KOO5S4vxi0o", exemplar.Labels["trace_id"]);
        Assert.AreEqual(0.67, exemplar.Value);
        Assert.AreEqual(DateTimeOffset.FromUnixTimeMilliseconds(1520879606500), exemplar.Timestamp);
        Assert.HasCount(1, page.Families.Single(f => f.Name == "build").Samples);
    }

    [TestMethod]
    public void Parse_Summary_KeepsQuantilesSumAndCountTogether()
    {
        var page = Clean("""
            # TYPE rpc summary
            rpc{quantile="0.5"} 4773
            rpc{quantile="0.99"} NaN
            rpc_sum 1.7560473e+07
            rpc_count 2693
            """);

        Assert.HasCount(1, page.Families);
        Assert.HasCount(4, page.Families[0].Samples);
        Assert.IsTrue(page.TryGetValue("rpc_count", null, out var count));
        Assert.AreEqual(2693.0, count);
    }

    [TestMethod]
    public void Parse_SuffixOfAnotherType_StaysAFamilyOfItsOwn()
    {
        var page = Clean("# TYPE queue gauge\nqueue 1\nqueue_count 2\n# TYPE h histogram\n# TYPE h_created gauge\nh_created 5\n");

        CollectionAssert.AreEqual(new[] { "queue", "queue_count", "h", "h_created" }, page.Families.Select(f => f.Name).ToArray());
        Assert.HasCount(1, page.Families[3].Samples);
    }

    [TestMethod]
    public void Parse_QuotedNames_AreUnderstood()
    {
        var page = Clean("# HELP \"my.metric\" dots\n# TYPE \"my.metric\" gauge\n{\"my.metric\",\"my.label\"=\"x\"} 1\n");

        Assert.AreEqual("dots", page.Families[0].Help);
        Assert.IsTrue(page.TryGetValue("my.metric", PrometheusLabels.Of("my.label", "x"), out _));
    }

    [TestMethod]
    [DataRow("m", "no value")]
    [DataRow("m abc", "no number")]
    [DataRow("m 1 abc", "no time")]
    [DataRow("m 1 1e300", "no time")]
    [DataRow("m 1 2 3", "unexpected text")]
    [DataRow("m{a=\"1\" 1", "expected ','")]
    [DataRow("m{a=\"1\"", "expected ','")]
    [DataRow("m{a=\"1\",", "not closed")]
    [DataRow("m{a=\"1} 1", "not closed")]
    [DataRow("m{a=1} 1", "expected '\"'")]
    [DataRow("m{a} 1", "no '='")]
    [DataRow("m{...,a=\"1\"} 1", "expected a label name")]
    [DataRow("m{a=\"1\",a=\"2\"} 1", "twice")]
    [DataRow("9m 1", "cannot be part")]
    [DataRow("m.n 1", "cannot be part")]
    [DataRow("{a=\"1\"} 1", "no metric name")]
    [DataRow("m 1 # trace", "exemplar")]
    [DataRow("# TYPE m wibble", "unknown type")]
    [DataRow("# TYPE", "without a metric name")]
    [DataRow("<html>", "cannot be part")]
    public void Parse_MalformedLine_IsAnErrorWithItsNumberAndTheRestStands(string line, string message)
    {
        var page = PrometheusPage.Parse($"before 1\n{line}\nafter 2\n");

        Assert.HasCount(1, page.Errors);
        Assert.AreEqual(2, page.Errors[0].Line);
        StringAssert.Contains(page.Errors[0].Message, message);
        Assert.IsTrue(page.TryGetValue("before", null, out _));
        Assert.IsTrue(page.TryGetValue("after", null, out _));
        Assert.IsFalse(page.Truncated);
    }

    [TestMethod]
    public void Parse_TypeDeclaredTwice_OnlyAContradictionIsAnError()
    {
        Assert.AreEqual(0, PrometheusPage.Parse("# TYPE m gauge\n# TYPE m gauge\nm 1\n").ErrorCount);
        Assert.AreEqual(1, PrometheusPage.Parse("# TYPE m gauge\n# TYPE m counter\nm 1\n").ErrorCount);
    }

    [TestMethod]
    public void Parse_TextAfterEof_IsReadAndRemarked()
    {
        var page = PrometheusPage.Parse("a 1\n# EOF\nb 2\nc 3\n# EOF\n");

        Assert.AreEqual(1, page.ErrorCount);
        Assert.AreEqual(3, page.Errors[0].Line);
        Assert.IsTrue(page.TryGetValue("c", null, out _));
    }

    [TestMethod]
    public void Parse_NoFinalLineFeed_CountsOnAWholePageOnly()
    {
        Assert.IsTrue(PrometheusPage.Parse("a 1\nb 12").TryGetValue("b", null, out _));
        var cut = PrometheusPage.Parse("a 1\nb 1\nc 12", new PrometheusParseOptions { Complete = false });

        Assert.IsTrue(cut.Truncated);
        Assert.IsTrue(cut.TryGetValue("a", null, out _));
        Assert.IsFalse(cut.TryGetValue("c", null, out _));
        Assert.AreEqual(3, cut.Errors[0].Line);
    }

    [TestMethod]
    public void Parse_CutPage_DropsTheFamilyInWhichItWasCut()
    {
        var page = PrometheusPage.Parse("# TYPE a gauge\na{e=\"0\"} 1\na{e=\"1\"} 1\n# TYPE b counter\nb{e=\"0\"} 1\n", new PrometheusParseOptions { Complete = false });

        Assert.HasCount(2, page.Samples("a"));
        Assert.IsEmpty(page.Samples("b"));
        Assert.IsFalse(page.TryGetFamily("b", out _));
    }

    [TestMethod]
    public void Parse_Limits_AreHeldAndReported()
    {
        var many = string.Concat(Enumerable.Range(0, 50).Select(i => $"m{i} 1\n"));

        var bytes = PrometheusPage.Parse(Encoding.UTF8.GetBytes(many), new PrometheusParseOptions { MaxPageBytes = 60 });
        Assert.IsTrue(bytes.Truncated);
        Assert.AreEqual(0, bytes.Errors[0].Line);
        var stream = PrometheusPage.Parse(new MemoryStream(Encoding.UTF8.GetBytes(many)), new PrometheusParseOptions { MaxPageBytes = 60 });
        Assert.IsTrue(stream.Truncated);
        Assert.HasCount(bytes.Families.Count, stream.Families);
        var samples = PrometheusPage.Parse(many, new PrometheusParseOptions { MaxSamples = 10 });
        Assert.IsTrue(samples.Truncated);
        Assert.HasCount(9, samples.Families); // the tenth is the one in which the page was cut
        var errors = PrometheusPage.Parse(string.Concat(Enumerable.Repeat("bad\n", 50)), new PrometheusParseOptions { MaxErrors = 3 });
        Assert.HasCount(3, errors.Errors);
        Assert.AreEqual(50, errors.ErrorCount);
        Assert.AreEqual(1, PrometheusPage.Parse("m{a=\"1\",b=\"2\"} 1\n", new PrometheusParseOptions { MaxLabels = 1 }).ErrorCount);
        Assert.AreEqual(1, PrometheusPage.Parse($"m{{a=\"{new string('x', 100)}\"}} 1\n", new PrometheusParseOptions { MaxLineLength = 50 }).ErrorCount);
    }

    [TestMethod]
    public void Parse_EmptyPage_HasNothing()
    {
        var page = Clean("");

        Assert.IsEmpty(page.Families);
        Assert.IsFalse(page.TryGetValue("m", null, out _));
        Assert.IsNull(page.Histogram("m"));
    }

    [TestMethod]
    public void Parse_AnyBytes_NeverThrows()
    {
        Gen.Byte.Array[0, 200].Sample(bytes => PrometheusPage.Parse(bytes).ErrorCount >= 0);
        Gen.String[Gen.Char["am{}=\",\\\"# \n\r\t1.eE+-NaInfTYPEHLUOF_:"], 0, 120].Sample(text => PrometheusPage.Parse(text).ErrorCount >= 0);
    }

    [TestMethod]
    public void Parse_AnyLabelValue_ComesBackAsItWas()
    {
        Gen.String.Sample(value =>
        {
            var text = new string([.. value.Where(c => c != '\r' && !char.IsSurrogate(c))]);
            var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            var page = PrometheusPage.Parse($"m{{a=\"{escaped}\"}} 1\n");
            return page.ErrorCount == 0 && page.Families[0].Samples[0].Labels["a"] == text;
        });
    }

    [TestMethod]
    [DataRow("vllm-qwen2.5-0.5b-kops.prom.gz")]
    [DataRow("dcgm-l4-kops.prom.gz")]
    [DataRow("dcgm-a100vgpu-vks.prom.gz")]
    [DataRow("dcgm-t4-ericsson.prom.gz")]
    [DataRow("ovms.prom.gz")]
    [DataRow("torchserve-docs.prom.gz")]
    public void Parse_CapturedPage_HasNoErrorAndLosesNoLine(string file)
    {
        var bytes = ExpositionData.Read(file);
        var page = PrometheusPage.Parse(bytes);
        var lines = Encoding.UTF8.GetString(bytes).Split('\n').Count(line => line.Trim().Length > 0 && !line.StartsWith('#'));

        Assert.AreEqual(0, page.ErrorCount, string.Join('\n', page.Errors));
        Assert.AreEqual(lines, page.Families.Sum(family => family.Samples.Count));
    }

    [TestMethod]
    public void Parse_CapturedVllmPage_HasAllItsSeriesUnderTheirFamilies()
    {
        var page = PrometheusPage.Parse(ExpositionData.Read("vllm-qwen2.5-0.5b-kops.prom.gz"));
        var vllm = page.Families.Where(family => family.Name.StartsWith("vllm:", StringComparison.Ordinal)).ToArray();

        Assert.AreEqual(354, vllm.Sum(family => family.Samples.Count));
        Assert.IsFalse(vllm.Any(family => family.Name.EndsWith("_bucket", StringComparison.Ordinal)));
        Assert.IsTrue(page.TryGetFamily("vllm:iteration_tokens_total", out var iteration));
        Assert.AreEqual(PrometheusMetricType.Histogram, iteration.Type);
        Assert.IsNotNull(page.Histogram("vllm:time_to_first_token_seconds"));
    }

    [TestMethod]
    public void Parse_CapturedPageWithElidedLabels_KeepsTheWholeLinesAndReportsTheOthers()
    {
        // Its publisher shortened most label sets to "...": those lines are no Prometheus text and must not be guessed at.
        var bytes = ExpositionData.Read("dcgm-l40s-viettel.prom.gz");
        var page = PrometheusPage.Parse(bytes);
        var elided = Encoding.UTF8.GetString(bytes).Split('\n').Count(line => line.Contains(",...,", StringComparison.Ordinal));

        Assert.IsGreaterThan(0, elided);
        Assert.AreEqual(elided, page.ErrorCount);
        Assert.IsTrue(page.TryGetValue("DCGM_FI_DEV_SM_CLOCK", PrometheusLabels.Of("gpu", "1"), out var mhz));
        Assert.AreEqual(210.0, mhz);
    }

    private static PrometheusPage Clean(string text)
    {
        var page = PrometheusPage.Parse(Encoding.UTF8.GetBytes(text));
        Assert.AreEqual(0, page.ErrorCount, string.Join('\n', page.Errors));
        return page;
    }
}
