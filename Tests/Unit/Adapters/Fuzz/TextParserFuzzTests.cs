using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Adapters.Comm.Nccl;
using InferMesh.Adapters.Comm.Ucx;
using InferMesh.Tests.Unit.Adapters.Comm;
using InferMesh.Tests.Unit.Adapters.Comm.InfiniBand;
using InferMesh.Tests.Unit.Adapters.Comm.Ucx;
using InferMesh.Tests.Unit.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

namespace InferMesh.Tests.Unit.Adapters.Fuzz;

/// <summary>Captured pages of runtimes, logs and tables of communication libraries, and files of sysfs, all of them spoilt.</summary>
[TestClass]
public sealed class TextParserFuzzTests
{
    private const int Seed = 20_261_129;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("vllm", "vllm-*.prom.gz")]
    [DataRow("ovms", "ovms.prom.gz")]
    [DataRow("torchserve", "torchserve-*.prom.gz")]
    public void Runtime_SpoiltCapturedPages_AreReadings(string kind, string captures)
    {
        var runtime = RuntimeFuzzTests.Fake(kind);
        var time = new ManualTime();
        using var handler = new PageHandler();
        using var client = new HttpClient(handler);
        handler.Serve(runtime);
        // Without a list the models are those of the page, however it is spoilt.
        handler.Set(runtime.Inventory, "");
        var probe = PageHandler.Probe(kind, client, time);
        ParserFuzz.Run(
            ParserFuzz.Captures("metrics-expositions", captures, runtime.Page(10)),
            Seed,
            page =>
            {
                handler.Set(runtime.Metrics!, page);
                time.Advance(TimeSpan.FromSeconds(1));
                return probe.ReadAsync(TestContext.CancellationToken).AsTask().GetAwaiter().GetResult();
            },
            (reading, mutation) => RuntimeFuzzTests.Check(reading, $"mutation {mutation}"));
    }

    [TestMethod]
    public void NcclLog_SpoiltLogs_AreRead()
    {
        List<string> corpus = [NcclLogTests.Handmade];
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is { Length: > 0 })
            corpus.Add(NcclCaptures.Read("nccl-info-p5-h100-efa.txt"));
        ParserFuzz.Run(corpus, Seed, NcclLog.Parse, (log, mutation) =>
        {
            Assert.IsTrue(log.Rings.Values.All(static ring => ring.Distinct().Count() == ring.Count && ring.All(static rank => rank >= 0)), $"mutation {mutation}");
            Assert.IsTrue(log.Links.All(static link => link is { Channel: >= 0, From: >= 0, To: >= 0 }), $"mutation {mutation}");
            Assert.IsTrue(log.Trees.All(static tree => tree is { Rank: >= 0, Parent: null or >= 0 } && tree.Children.All(static child => child >= 0)), $"mutation {mutation}");
            Assert.IsTrue(log.Warnings.All(static warning => warning.Text.Length <= 512), $"mutation {mutation}");
        });
    }

    [TestMethod]
    public void NcclTests_SpoiltTables_AreRead() => ParserFuzz.Run(
        ParserFuzz.Captures("nccl-logs/superbenchmark", "nccl_*.log.gz", "# Avg bus bandwidth    : 66.995\n     1048576        262144     float     sum      -1    27.53   38.08   66.65      0    27.25   38.48   67.34      3\n"),
        Seed,
        NcclTestsTable.Parse,
        (table, mutation) =>
        {
            foreach (var row in table.Rows)
            {
                Assert.IsTrue(row is { SizeBytes: >= 0, Elements: >= 0, Root: null or >= 0 }, $"mutation {mutation}");
                foreach (var timing in new[] { row.OutOfPlace, row.InPlace }.OfType<NcclTestsTiming>())
                    AssertMeasured(mutation, timing.TimeMicroseconds, timing.AlgorithmBytesPerSecond, timing.BusBytesPerSecond, timing.Wrong ?? 0);
            }
            AssertMeasured(mutation, table.AverageBusBytesPerSecond ?? 0, table.PeakBusBytesPerSecond ?? 0);
        });

    [TestMethod]
    public void UcxPerftest_SpoiltTables_AreRead() => ParserFuzz.Run(
        [UcxTexts.Perftest, UcxTexts.OlderPerftest],
        Seed,
        UcxPerftestTable.Parse,
        (table, mutation) =>
        {
            foreach (var row in table.Rows)
            {
                AssertMeasured(
                    mutation, row.Iterations, row.TypicalMicroseconds, row.AverageMicroseconds, row.OverallMicroseconds,
                    row.AverageBytesPerSecond, row.OverallBytesPerSecond, row.AverageMessagesPerSecond, row.OverallMessagesPerSecond);
            }
            Assert.IsTrue(table.MessageBytes is null or >= 0, $"mutation {mutation}");
        });

    [TestMethod]
    public void UcxStats_SpoiltDumps_AreRead() => ParserFuzz.Run(
        [UcxTexts.Stats],
        Seed,
        UcxStats.Parse,
        (stats, mutation) =>
        {
            Assert.IsTrue(stats.Counters.All(static counter => counter is { Value: >= 0, Name.Length: > 0 }), $"mutation {mutation}");
            Assert.IsTrue(stats.Sum("rx_eager_msg") is null or >= 0, $"mutation {mutation}");
        });

    [TestMethod]
    public void InfiniBand_SpoiltFiles_AreReadings()
    {
        var time = new ManualTime();
        var window = new InfiniBandWindow(time);
        ParserFuzz.Run(
            [Files(SysTree.InfiniBand), Files(SysTree.RoCe)],
            Seed,
            text =>
            {
                var files = text.Split('|').Select(static file => file.Split('=', 2)).Where(static file => file.Length == 2).DistinctBy(static file => file[0]).ToDictionary(static file => file[0], static file => file[1]);
                time.Advance(TimeSpan.FromSeconds(1));
                return new InfiniBandPortReader(path => files.TryGetValue(path, out var content) ? new(content, null) : new(null, "the device has no such file"), window).Read("mlx5_0", 1);
            },
            (port, mutation) =>
            {
                InfiniBandSourceTests.AssertEveryNullHasAReason(port);
                AssertMeasured(
                    mutation, port.RateBytesPerSecond ?? 0, port.TransmittedBytes ?? 0, port.ReceivedBytes ?? 0, port.TransmitBytesPerSecond ?? 0, port.ReceiveBytesPerSecond ?? 0,
                    port.TransmitWaitTicksPerSecond ?? 0, port.LossPerSecond ?? 0, port.CongestionPerSecond ?? 0, port.Counters.Values.DefaultIfEmpty().Min());
            });
    }

    private static string Files(IReadOnlyDictionary<string, string> files) => string.Join('|', files.Select(static file => $"{file.Key}={file.Value}"));

    private static void AssertMeasured(int mutation, params double[] values) =>
        Assert.IsTrue(values.All(static value => double.IsFinite(value) && value >= 0), $"mutation {mutation}: {string.Join(' ', values)}");
}
