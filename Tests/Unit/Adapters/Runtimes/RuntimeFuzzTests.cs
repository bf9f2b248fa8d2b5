using System.Diagnostics;
using System.Globalization;
using System.Text;
using InferMesh.Adapters.Runtimes;
using InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

namespace InferMesh.Tests.Unit.Adapters.Runtimes;

/// <summary>Whatever a runtime answers, a read ends with a reading. <c>INFERMESH_FUZZ</c> sets the number of mutations of each page, 3,000 by default.</summary>
[TestClass]
public sealed class RuntimeFuzzTests
{
    private static readonly int Mutations =
        int.TryParse(Environment.GetEnvironmentVariable("INFERMESH_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 3_000;

    private static readonly byte[][] Splices = [.. new[] { "\"", "{", "}", "[", "]", ",", "\\", "\\ud800", "NaN", "-1", "1e999", "null", "\0", "\n", "# EOF\n", "\u00ff" }.Select(Encoding.UTF8.GetBytes), [0xff, 0xfe], [0xc3]];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Kinds => RuntimeKinds.All.Select(kind => new object[] { kind });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public async Task Read_MutatedPages_NeverThrowsAndExplainsEveryNull(string kind)
    {
        var runtime = Fake(kind);
        var pages = runtime.Documents.ToDictionary(document => document.Key, document => Encoding.UTF8.GetBytes(document.Value));
        if (runtime.Metrics is { } metrics)
            pages[metrics] = Encoding.UTF8.GetBytes(runtime.Page(10));
        using var handler = new PageHandler();
        using var client = new HttpClient(handler);
        var time = new ManualTime();
        foreach (var (path, page) in pages)
        {
            handler.Serve(runtime);
            var random = new Random(HashCode(kind + path));
            var probe = PageHandler.Probe(kind, client, time);
            for (var i = 0; i < Mutations; i++)
            {
                // A document that is asked for once would be seen once: now and then the reader is a new one.
                if (i % 10 == 0)
                    probe = PageHandler.Probe(kind, client, time);
                var mutated = Mutate(page, random);
                handler.Set(path, mutated);
                time.Advance(TimeSpan.FromSeconds(1));
                var started = Stopwatch.GetTimestamp();
                var reading = await probe.ReadAsync(TestContext.CancellationToken);
                Assert.IsLessThan(TimeSpan.FromSeconds(30), Stopwatch.GetElapsedTime(started), "a page of a few kilobytes");
                Check(reading, Encoding.Latin1.GetString(mutated));
            }
        }
    }

    internal static void Check(RuntimeReading reading, string page)
    {
        foreach (var model in reading.Models)
        {
            foreach (var property in typeof(ModelReading).GetProperties())
                Assert.AreEqual(property.GetValue(model) is null, model.Missing.ContainsKey(property.Name), $"{property.Name}: {page}");
            Assert.IsTrue(model.Running is null or >= 0, page);
            Assert.IsTrue(model.Waiting is null or >= 0, page);
            Assert.IsTrue(model.KvCacheUsage is null or (>= 0 and <= 1), page);
            Assert.IsTrue(model.GenerationTokensPerSecond is null or >= 0, page);
        }
    }

    private static byte[] Mutate(byte[] page, Random random)
    {
        var bytes = page.ToList();
        for (var edits = random.Next(1, 6); edits > 0; edits--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(1, 40), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveRange(at, length); break;
                case 2: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 3: bytes.InsertRange(at, Splices[random.Next(Splices.Length)]); break;
                case 4: bytes.RemoveRange(at, bytes.Count - at); break;
                default: bytes.InsertRange(random.Next(bytes.Count + 1), Encoding.ASCII.GetBytes(random.NextInt64(-10, long.MaxValue).ToString(CultureInfo.InvariantCulture))); break;
            }
        }
        return [.. bytes];
    }

    /// <summary>The same in every process, unlike the one of strings.</summary>
    private static int HashCode(string text) => text.Aggregate(17, (hash, c) => unchecked((hash * 31) + c));

    internal static FakeRuntime Fake(string kind) => new FakeRuntime[]
    {
        new FakeVllm(), new FakeSglang(), new FakeTriton(), new FakeTgi(), new FakeTorchServe(), new FakeTfServing(), new FakeOvms(), new FakeLlamaCpp(), new FakeOpenAi(),
    }.Single(fake => fake.Kind == kind);
}
