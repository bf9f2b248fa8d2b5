using System.Runtime.CompilerServices;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using InferMesh.Strategies.Hosting.DotNet;
using InferMesh.Strategies.Routing;

namespace InferMesh.Tests.Unit.Strategies.Hosting;

/// <summary>What a .NET plugin does wrong costs its own request a fallback; one that does not come back is aborted and never called again.</summary>
[TestClass, DoNotParallelize]
public sealed class HostileDotNetTests
{
    // What ends threads, and what counts bytes, is for a process of its own: Tests/EndToEnd starts one.
    private const string OwnProcess = "INFERMESH_OWN_PROCESS";

    private static readonly PluginBudget Tight = Packages.Patient with { Breaker = new(MinFailures: int.MaxValue) };

    [TestMethod]
    [DataRow(1, PluginFailure.Exception, DisplayName = "throws")]
    [DataRow(5, PluginFailure.Invalid, DisplayName = "score not a number")]
    [DataRow(6, PluginFailure.Invalid, DisplayName = "more than wanted")]
    [DataRow(7, PluginFailure.Invalid, DisplayName = "no such target")]
    [DataRow(8, PluginFailure.Invalid, DisplayName = "negative")]
    [DataRow(9, PluginFailure.Exception, DisplayName = "out of memory")]
    [DataRow(11, PluginFailure.Invalid, DisplayName = "no picks")]
    public void Rank_OfAHostilePlugin_IsTheFallbacks(int kind, PluginFailure expected)
    {
        using var host = Packages.Host(Tight);
        using var plugin = Load(host);
        var strategy = Create(plugin, kind);
        for (var i = 1L; i <= 3; i++)
        {
            Assert.AreEqual(DecisionOutcome.Routed, Decide(strategy).Outcome);
            Assert.AreEqual(i, plugin.Counts.Fallbacks[expected]);
        }
    }

    [TestMethod]
    [DataRow(2, DisplayName = "tight loop")]
    [DataRow(4, DisplayName = "waits forever")]
    [DataRow(3, DisplayName = "loop that catches all and takes locks")]
    public void Rank_ThatDoesNotComeBack_IsAbortedAndThePluginPutIntoQuarantine(int kind)
    {
        NeedsOwnProcess();
        using var host = Packages.Host(Tight with { RoutingDeadline = TimeSpan.FromMilliseconds(1), AbortAfter = TimeSpan.FromMilliseconds(20) });
        using var plugin = Load(host);
        var strategy = Create(plugin, kind);
        Assert.AreEqual(DecisionOutcome.Routed, Decide(strategy).Outcome);
        Assert.AreEqual(1L, plugin.Counts.Fallbacks[PluginFailure.Timeout]);
        Assert.IsTrue(plugin.Counts.IsQuarantined);
        Decide(strategy);
        Assert.AreEqual(1L, plugin.Counts.Fallbacks[PluginFailure.Quarantined]);
        // The thread is as it was: it waits, and is not interrupted.
        Thread.Sleep(1);
    }

    [TestMethod]
    public void Rank_ThatIsLate_IsThrownAway()
    {
        using var host = Packages.Host(Tight with { RoutingDeadline = TimeSpan.FromMilliseconds(1) });
        using var plugin = Load(host);
        Decide(Create(plugin, 10));
        Assert.AreEqual(1L, plugin.Counts.Fallbacks[PluginFailure.Timeout]);
        Assert.IsFalse(plugin.Counts.IsQuarantined);
    }

    [TestMethod]
    public void Learning_ThatThrows_IsNoConcernOfTheRouter()
    {
        using var host = Packages.Host(Tight);
        using var plugin = Load(host);
        var strategy = (ILearningStrategy)Create(plugin, 0);
        strategy.Dispatched(default, 0);
        strategy.Completed(default);
    }

    [TestMethod]
    public void Create_ThatThrows_SaysSo()
    {
        using var host = Packages.Host(Tight);
        using var plugin = Load(host);
        Assert.ThrowsExactly<InvalidOperationException>(() => Create(plugin, 99));
        Assert.ThrowsExactly<ArgumentException>(() => Create(plugin, 101));
    }

    [TestMethod]
    public void Load_OfWhatIsNoPlugin_IsRefused()
    {
        using var host = Packages.Host(Tight);
        foreach (var (package, reason) in new[]
        {
            (Packages.DotNet("InferMesh.Plugins.Hostile", "other_name"), "Calls itself"),
            (Packages.DotNet("InferMesh.Strategies.Hosting", "hosting"), "Names 0 plugins"),
        })
        {
            Assert.IsNull(host.TryLoad(package, null, out var errors));
            StringAssert.Contains(errors.Single().Message, reason);
        }
    }

    [TestMethod]
    public void LoadAndUnload_AHundredTimes_GivesTheMemoryBack()
    {
        NeedsOwnProcess();
        using var host = Packages.Host(Tight);
        foreach (var package in new[] { Packages.DotNet("InferMesh.Plugins.Hostile", "hostile"), Packages.HybridDotNet(), Packages.Hybrid("hybrid_mesh_c.wasm") })
        {
            for (var i = 0; i < 10; i++) Cycle(host, package);
            var (managed, resident) = Measure();
            List<WeakReference> contexts = [.. Enumerable.Range(0, 100).Select(_ => Cycle(host, package))];
            var (managedAfter, residentAfter) = Measure();
            Assert.IsFalse(contexts.Exists(static c => c.IsAlive), package.Manifest.Name);
            // 100 of them would hold 100 MiB and more.
            Assert.IsLessThan(20 << 20, managedAfter - managed, package.Manifest.Name);
            Assert.IsLessThan(60 << 20, residentAfter - resident, package.Manifest.Name);
        }
    }

    private static void NeedsOwnProcess()
    {
        if (Environment.GetEnvironmentVariable(OwnProcess) != "1") Assert.Inconclusive($"Runs in a process of its own, where {OwnProcess}=1.");
    }

    // Of its own, so that nothing of the plugin is left on the stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Cycle(PluginHost host, PluginPackage package)
    {
        using var plugin = Packages.Load(host, package);
        var strategy = plugin.CreateRouting(null, StrategyCatalog.Create("mesh"));
        for (var i = 0; i < 3; i++) Decide(strategy);
        Assert.AreEqual(3L, plugin.Counts.Calls);
        return (plugin as DotNetPlugin)?.Code ?? new(plugin);
    }

    private static (long Managed, long Resident) Measure()
    {
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return (GC.GetTotalMemory(true), process.WorkingSet64);
    }

    private static LoadedPlugin Load(PluginHost host) => Packages.Load(host, Packages.DotNet("InferMesh.Plugins.Hostile", "hostile"));

    private static IRoutingStrategy Create(LoadedPlugin plugin, int kind) => plugin.CreateRouting(new Dictionary<string, double> { ["kind"] = kind }, StrategyCatalog.Create("mesh"));

    private static Decision Decide(IRoutingStrategy strategy) => DecisionKernel.Decide(Tables.Table(Tables.Equal(4)), Tables.Request(), Tables.NowTicks, 0, 0, false, strategy);
}
