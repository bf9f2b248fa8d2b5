using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>What a WASM plugin does to harm the silo harms itself: the request gets the fallback's picks, others do not notice.</summary>
[TestClass, DoNotParallelize]
public sealed class HostileWasmTests
{
    private const string Forever = "(loop $l (br $l)) i32.const 0";

    private static readonly PluginBudget Tight = Packages.Patient with { RoutingFuel = 1_000_000, MemoryBytes = 4 << 20, Breaker = new(MinFailures: int.MaxValue) };

    [TestMethod]
    [DataRow("(drop (i32.load (i32.const -8))) i32.const 0", PluginFailure.Trap, DisplayName = "out of bounds")]
    [DataRow("unreachable", PluginFailure.Trap, DisplayName = "unreachable")]
    [DataRow("call $deep", PluginFailure.Trap, DisplayName = "stack overflow")]
    [DataRow("(i32.div_s (i32.const 1) (i32.const 0))", PluginFailure.Trap, DisplayName = "division by zero")]
    [DataRow(Forever, PluginFailure.OutOfFuel, DisplayName = "infinite loop")]
    [DataRow("(loop $l (drop (memory.grow (i32.const 1))) (br $l)) i32.const 0", PluginFailure.OutOfFuel, DisplayName = "memory bomb")]
    [DataRow("(loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l)) i32.const 0", PluginFailure.OutOfFuel, DisplayName = "table bomb")]
    [DataRow("(loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 1000000)) (br $l)) i32.const 0", PluginFailure.OutOfFuel, DisplayName = "bulk loop")]
    [DataRow("i32.const 1", PluginFailure.Invalid, DisplayName = "declines")]
    [DataRow("i32.const 0", PluginFailure.Invalid, DisplayName = "no picks")]
    public void Rank_OfAHostilePlugin_IsTheFallbacks(string body, PluginFailure expected) =>
        AssertFallsBack(Packages.Text(body, more: "(table $t 1 funcref) (func $deep (result i32) (i32.add (call $deep) (i32.const 1)))"), expected);

    [TestMethod]
    [DataRow("i32.const 0", "f64.const nan", "i32.const 1", DisplayName = "score not a number")]
    [DataRow("i32.const 0", "f64.const inf", "i32.const 1", DisplayName = "infinite score")]
    [DataRow("i32.const 99", "f64.const 1", "i32.const 1", DisplayName = "no such target")]
    [DataRow("i32.const -1", "f64.const 1", "i32.const 1", DisplayName = "negative target")]
    [DataRow("i32.const 1", "f64.const 1", "i32.const 1", DisplayName = "ineligible target")]
    [DataRow("i32.const 0", "f64.const 1", "i32.const 2", DisplayName = "the same twice")]
    [DataRow("i32.const 0", "f64.const 1", "i32.const -1", DisplayName = "wrong size")]
    [DataRow("i32.const 0", "f64.const 1", "i32.const 17", DisplayName = "more than wanted")]
    public void Rank_ThatIsNone_IsTheFallbacks(string target, string score, string count) => AssertFallsBack(Packages.Text(Packages.Pick(target, score, count)), PluginFailure.Invalid);

    [TestMethod]
    [DataRow("i32.const 0", DisplayName = "none")]
    [DataRow("i32.const 65533", DisplayName = "not aligned")]
    [DataRow("i32.const 1048568", DisplayName = "beyond the memory")]
    [DataRow("i32.const -8", DisplayName = "beyond 2 GiB")]
    public void Rank_WithoutABuffer_IsTheFallbacks(string reserve) => AssertFallsBack(Packages.Text(Packages.Pick(), reserve: reserve), PluginFailure.Invalid);

    [TestMethod]
    [DataRow(20, DisplayName = "factor on prefill")]
    [DataRow(21, DisplayName = "factor on decode")]
    public void Rank_OfOneThatWantsOneLearnedColumn_HasIt(int column)
    {
        using var host = Packages.Host();
        // The number of the first target is the score; what was never written is 0.
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.Text(
            Packages.Pick(score: $"f64.load (i32.load offset={4 * column} (i32.load offset=16 (local.get $batch)))"), columns: $"{1L << column}")));
        var decision = Decide(plugin.CreateRouting(null, StrategyCatalog.Create("mesh")));
        Assert.IsEmpty(plugin.Counts.Fallbacks);
        Assert.AreEqual(1, decision.Choices[0].Score);
    }

    [TestMethod]
    public void Rank_BeyondTheDeadline_IsInterrupted() =>
        AssertFallsBack(Packages.Text(Forever), PluginFailure.Timeout, Tight with { RoutingFuel = ulong.MaxValue / 2, RoutingDeadline = TimeSpan.FromMilliseconds(5) });

    [TestMethod]
    public void Rank_ThatWritesOverTheHostsRecords_HarmsItselfOnly()
    {
        // Addresses of picks and requests are overwritten: the host reads where it wrote, and finds no picks.
        using var host = Packages.Host(Tight);
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.Text("(memory.fill (local.get $batch) (i32.const 255) (i32.const 4096)) i32.const 0")));
        var strategy = plugin.CreateRouting(null, StrategyCatalog.Create("mesh"));
        for (var i = 0; i < 3; i++) Assert.AreEqual(DecisionOutcome.Routed, Decide(strategy).Outcome);
        Assert.AreEqual(3L, plugin.Counts.Fallbacks[PluginFailure.Invalid]);
    }

    [TestMethod]
    [DataRow("(import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))", DisplayName = "WASI")]
    [DataRow("(import \"infermesh\" \"exec\" (func))", DisplayName = "unknown")]
    [DataRow("(import \"infermesh\" \"random\" (func (result i32)))", DisplayName = "other type")]
    public void Load_WithImportsThatAreNotOffered_IsRefused(string import) => AssertRefused(Packages.Text(Packages.Pick(), imports: import), "does not offer");

    [TestMethod]
    public void Load_ThatNeedsMoreMemoryThanGranted_IsRefused() => AssertRefused(Packages.Text(Packages.Pick(), memory: "1000"), "No instance");

    [TestMethod]
    public void Load_WhoseStartRunsForever_IsRefused() =>
        AssertRefused(Packages.Text(Packages.Pick(), more: "(func $start (loop $l (br $l))) (start $start)"), "No instance");

    [TestMethod]
    public void Load_OfAnotherVersionOfTheInterface_IsRefused() => AssertRefused(Packages.Text(Packages.Pick(), version: 2), "version 2");

    [TestMethod]
    public void Load_OfWhatIsNoModule_IsRefused() => AssertRefused([1, 2, 3], "Not a module");

    [TestMethod]
    public void Breaker_AfterFailures_LeavesThePluginAloneAndTriesAgainLater()
    {
        var time = new ManualTime();
        using var host = Packages.Host(Tight with { Breaker = new(FailureShare: 0.5, MinFailures: 3, WindowSeconds: 10, OpenSeconds: 5) }, time: time);
        // Fails while requests have no prompt.
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.Text(
            "(if (i32.eqz (call $prompt (local.get $batch))) (then unreachable)) (call $pick (local.get $batch))",
            more: $"(func $prompt (param $batch i32) (result i32) (i32.load offset=56 (i32.load offset=36 (local.get $batch)))) (func $pick (param $batch i32) (result i32) {Packages.Pick()})")));
        var strategy = plugin.CreateRouting(null, StrategyCatalog.Create("mesh"));
        for (var i = 0; i < 5; i++) Decide(strategy, 0);
        Assert.AreEqual(3L, plugin.Counts.Calls);
        Assert.AreEqual(2L, plugin.Counts.Fallbacks[PluginFailure.BreakerOpen]);

        time.Advance(6);
        Decide(strategy, 0);
        Assert.AreEqual(4L, plugin.Counts.Calls, "One call on trial.");
        Assert.IsTrue(plugin.Counts.IsBreakerOpen);
        time.Advance(6);
        Decide(strategy, 100);
        Assert.AreEqual(4L, plugin.Counts.Calls, "After a trial that failed, it takes twice as long.");
        time.Advance(6);
        Decide(strategy, 100);
        Assert.IsFalse(plugin.Counts.IsBreakerOpen);
        Decide(strategy, 100);
        Assert.AreEqual(6L, plugin.Counts.Calls);
    }

    [TestMethod]
    public void Others_BesideAHostilePlugin_AreServedByTheirOwn()
    {
        using var host = Packages.Host(Tight);
        using var hostile = Packages.Load(host, Packages.Wasm(Packages.Text(Forever), "hostile"));
        using var good = Packages.Load(host, Packages.Wasm(Packages.Text(Packages.Pick()), "good"));
        var (bad, well) = (hostile.CreateRouting(null, StrategyCatalog.Create("mesh")), good.CreateRouting(null, StrategyCatalog.Create("mesh")));
        Parallel.For(0, 200, i => Assert.AreEqual(DecisionOutcome.Routed, Decide(i % 2 == 0 ? bad : well).Outcome));
        Assert.AreEqual(100L, good.Counts.Calls);
        Assert.AreEqual(0L, good.Counts.Fallbacks.GetValueOrDefault(PluginFailure.Trap) + good.Counts.Fallbacks.GetValueOrDefault(PluginFailure.Invalid) + good.Counts.Fallbacks.GetValueOrDefault(PluginFailure.OutOfFuel));
    }

    [TestMethod]
    public void Log_OfAPlugin_IsShortPrintableAndRare()
    {
        var lines = new List<PluginLogLine>();
        using var host = Packages.Host(Tight, lines.Add, new ManualTime());
        using var plugin = Packages.Load(host, Packages.Wasm(Packages.Text(
            "(local $i i32) (loop $l (call $log (i32.const 2) (i32.const 0) (i32.const 100000)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 50)))) i32.const 1",
            imports: "(import \"infermesh\" \"log\" (func $log (param i32 i32 i32)))", more: "(data (i32.const 0) \"line\\0abreak\")")));
        Decide(plugin.CreateRouting(null, StrategyCatalog.Create("mesh")));
        Assert.HasCount(10, lines);
        Assert.StartsWith("line break", lines[0].Text);
        Assert.AreEqual(256, lines[0].Text.Length);
    }

    [TestMethod]
    public void Unloaded_Plugin_LeavesItsStrategiesToTheFallback()
    {
        using var host = Packages.Host(Tight);
        var plugin = Packages.Load(host, Packages.Wasm(Packages.Text(Packages.Pick())));
        var strategy = plugin.CreateRouting(null, StrategyCatalog.Create("mesh"));
        Decide(strategy);
        plugin.Dispose();
        Assert.AreEqual(DecisionOutcome.Routed, Decide(strategy).Outcome);
        Assert.AreEqual(1L, plugin.Counts.Fallbacks[PluginFailure.Unloaded]);
    }

    private static void AssertFallsBack(byte[] module, PluginFailure expected, PluginBudget? budget = null)
    {
        using var host = Packages.Host(budget ?? Tight);
        using var plugin = Packages.Load(host, Packages.Wasm(module));
        var table = Tables.Table([Tables.Row("a"), Tables.Row("b") with { Standing = FilterReason.NodeDraining }, Tables.Row("c"), Tables.Row("d")]);
        var decision = Tables.Decide(table, "mesh", seed: 7);
        var hosted = plugin.CreateRouting(null, StrategyCatalog.Create("mesh"));
        for (var i = 1; i <= 3; i++)
        {
            var guarded = DecisionKernel.Decide(table, Tables.Request(), Tables.NowTicks, 0, 7, false, hosted);
            CollectionAssert.AreEqual(decision.Nodes(), guarded.Nodes());
            Assert.AreEqual(i, plugin.Counts.Fallbacks.GetValueOrDefault(expected), string.Join(", ", plugin.Counts.Fallbacks));
        }
    }

    private static void AssertRefused(byte[] module, string reason)
    {
        using var host = Packages.Host(Tight);
        Assert.IsNull(host.TryLoad(Packages.Wasm(module), null, out var errors));
        StringAssert.Contains(errors.Single().Message, reason);
    }

    private static Decision Decide(IRoutingStrategy strategy, int promptTokens = 500) =>
        DecisionKernel.Decide(Tables.Table(Tables.Equal(4)), Tables.Request() with { PromptTokens = promptTokens }, Tables.NowTicks, 0, 0, false, strategy);

    private sealed class ManualTime : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _now;

        public void Advance(double seconds) => _now += (long)(seconds * 1000);
    }
}
