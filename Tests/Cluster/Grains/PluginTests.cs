using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Strategy plugins in a running mesh: from the push to the decision, and from one version to the next.</summary>
[TestClass]
[DoNotParallelize]
public sealed class PluginTests
{
    private const int Keys = 16;

    [TestMethod]
    public async Task Swap_UnderTwoThousandDecisionsASecond_LosesNone()
    {
        var (name, model) = (Name(), Unique("model"));
        var nodes = Enumerable.Range(0, 4).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes) await RegisterAsync(node, Unique("cell"));
        var reporters = nodes.Select(n => KeepReporting(n, model)).ToArray();
        await PushAndEnableAsync(Client, name, "1.0.0");
        await AcceptedAsync(Policy(name).Put(Spec(model, name), PolicyVersions.None, "test"));
        await EverywhereAsync(model, $"{name}@1.0.0");
        // A silo may know the policy before it knows the nodes.
        await EventuallyAsync(
            async () => await Task.WhenAll(Enumerable.Range(0, Keys).Select(key => Router(key).DryRun(new() { Model = model }).AsTask())),
            all => all.All(d => d.Eligible == nodes.Length) && all.Select(d => d.Silo).Distinct().Count() == Silos.Silos.Count, "nodes everywhere");

        using var stop = new CancellationTokenSource();
        using var calls = new PluginCalls(name);
        var decisions = new ConcurrentQueue<RouteDecision>();
        var started = DateTime.UtcNow;
        var load = Enumerable.Range(0, 8).Select(key => Task.Run(() => DecideAsync(model, key, decisions, stop.Token))).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(2));
        await PushAndEnableAsync(Client, name, "2.0.0");
        await EverywhereAsync(model, $"{name}@2.0.0");
        await Task.Delay(TimeSpan.FromSeconds(2));
        await stop.CancelAsync();
        await Task.WhenAll(load);
        var seconds = (DateTime.UtcNow - started).TotalSeconds;
        foreach (var reporter in reporters) await reporter.DisposeAsync();

        var counts = string.Join(", ", decisions.GroupBy(d => (d.Status, d.Strategy)).Select(g => $"{g.Key}: {g.Count()}"));
        Console.WriteLine(FormattableString.Invariant($"{decisions.Count / seconds:0} decisions a second for {seconds:0.0} s; {counts}"));
        Assert.IsTrue(decisions.All(d => d.Status == RouteStatus.Routed), counts);
        CollectionAssert.AreEquivalent(new[] { $"{name}@1.0.0", $"{name}@2.0.0" }, decisions.Select(d => d.Strategy).Distinct().ToArray(), counts);
        foreach (var silo in decisions.GroupBy(d => d.Silo))
        {
            var first = silo.Where(d => d.Strategy == $"{name}@2.0.0").Min(d => d.TableVersion);
            Assert.IsTrue(silo.All(d => d.TableVersion >= first == (d.Strategy == $"{name}@2.0.0")), $"{silo.Key} went back to the old version after table {first}.");
        }
        Assert.IsGreaterThan(decisions.Count - 1, calls.Rankings, "The plugin ranked, and not its fallback.");
        Assert.AreEqual(0, calls.Fallbacks, "Nothing was in the old version when it went.");
        Assert.AreEqual(2, decisions.Select(d => d.Silo).Distinct().Count(), "Both silos decided.");
        Assert.IsGreaterThan(1000, decisions.Count / seconds, "The load was one.");
        await EndAsync(name);
    }

    [TestMethod]
    public async Task Policy_ThatNamesAPlugin_IsCheckedAgainstIt_AndKeepsIt()
    {
        var (name, model) = (Name(), Unique("model"));
        var unknown = await Policy(name).Put(Spec(model, name), PolicyVersions.None, "test");
        Assert.AreEqual((PolicyStatus.Invalid, "routing.strategy"), (unknown.Status, unknown.Errors.Single().Field));
        await PushAsync(Client, name, "1.0.0");
        Assert.AreEqual("routing.strategy", (await Policy(name).Put(Spec(model, name), PolicyVersions.None, "test")).Errors.Single().Field, "It is not enabled.");
        var plugin = Client.GetGrain<IPluginGrain>(name);
        Assert.AreEqual(PluginStatus.Accepted, (await plugin.Enable("", false, "ann")).Status);
        var wrong = await Policy(name).Put(Spec(model, name) with { Routing = new() { Strategy = name, Parameters = new Dictionary<string, double> { ["nonsense"] = 1 } } }, PolicyVersions.None, "test");
        Assert.AreEqual("routing.parameters.nonsense", wrong.Errors.Single().Field);
        await AcceptedAsync(Policy(name).Put(Spec(model, name), PolicyVersions.None, "test"));

        foreach (var refused in new[] { await plugin.Disable(false, "ann"), await plugin.Remove("", false, "ann"), await plugin.Remove("1.0.0", false, "ann") })
            Assert.AreEqual((PluginStatus.Conflict, $"policy/{name}"), (refused.Status, refused.UsedBy.Single()));
        // A version without the parameter that the policy gives does not come into its place.
        await AcceptedAsync(Policy(name).Put(Spec(model, name) with { Routing = new() { Strategy = name, Parameters = new Dictionary<string, double> { ["learning_rate"] = 0.1 } } }, 1, "test"));
        Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGateGrain>(0).Push(new(PluginArchive.Of(name, "2.0.0", []), false, false), "ann")).Status);
        var misfit = await plugin.Enable("2.0.0", false, "ann");
        Assert.AreEqual((PluginStatus.Conflict, $"policy/{name}.routing.parameters.learning_rate"), (misfit.Status, misfit.Errors.Single().Field));
        Assert.AreEqual(PluginStatus.Conflict, (await plugin.Rollback(false, "ann")).Status, "No other was enabled.");
        Assert.AreEqual(PluginStatus.Accepted, (await plugin.Remove("2.0.0", false, "ann")).Status);
        Assert.AreEqual(PluginStatus.NotFound, (await plugin.Enable("2.0.0", false, "ann")).Status);

        await EndAsync(name);
        string[] expected = [EventTypes.PluginPushed, EventTypes.PluginEnabled, EventTypes.PluginPushed, EventTypes.PluginRemoved, EventTypes.PluginRemoved];
        var events = await EventuallyAsync(async () => (await EventsAsync()).Where(e => e.Subject == name && e.Type.StartsWith("PLUGIN_", StringComparison.Ordinal)).ToArray(), e => e.Length == expected.Length, "events of the plugin");
        CollectionAssert.AreEqual(expected, events.Select(e => e.Type).ToArray());
        Assert.AreEqual(("ann", 1L, 2L, "1.0.0"), (events[1].Actor, events[1].VersionBefore, events[1].VersionAfter, events[1].Data["to"]));
    }

    [TestMethod]
    public async Task Remove_OfTheEnabledVersion_IsRefused_WhileAPolicyNamesAnother()
    {
        var (name, model) = (Name(), Unique("model"));
        await PushAsync(Client, name, "1.0.0");
        await PushAndEnableAsync(Client, name, "2.0.0");
        await AcceptedAsync(Policy(name).Put(Spec(model, $"{name}@1.0.0"), PolicyVersions.None, "test"));
        var plugin = Client.GetGrain<IPluginGrain>(name);
        var refused = await plugin.Remove("2.0.0", false, "test");
        Assert.AreEqual((PluginStatus.Conflict, $"policy/{name}"), (refused.Status, refused.UsedBy.Single()));
        Assert.IsTrue(refused.Plugin!.Spec.Enabled);
        Assert.IsFalse((await plugin.Remove("2.0.0", true, "test")).Plugin!.Spec.Enabled);
        Assert.AreEqual(PluginStatus.Accepted, (await plugin.Enable("1.0.0", false, "test")).Status);
        await EndAsync(name);
    }

    [TestMethod]
    public async Task TryPolicy_OfAPlugin_DoesNotAskTheOneThatServes()
    {
        var (name, node, model) = (Name(), Unique("node"), Unique("model"));
        await RegisterAsync(node, Unique("cell"));
        await using var reporting = KeepReporting(node, model);
        await PushAndEnableAsync(Client, name, "1.0.0");
        var policy = new Policy { Name = name, Spec = Spec(model, name) };
        var queries = new[] { new RouteQuery { Model = model } };
        Task<RouteTrial[][]> ManyAsync() => Task.WhenAll(Enumerable.Range(0, 6).Select(key => Router(key).TryPolicy(queries, policy).AsTask()));
        await EventuallyAsync(ManyAsync, many => many.All(t => t[0].Then.Strategy == $"{name}@1.0.0"), "trials by the plugin on both silos");
        Assert.IsTrue((await ManyAsync()).All(t => t[0].Now.Strategy != $"{name}@1.0.0" && t[0].Then.Strategy == $"{name}@1.0.0"));
        await EndAsync(name);
    }

    [TestMethod]
    public async Task Rollback_ToAPluginThatIsGone_IsRefused()
    {
        var (name, model) = (Name(), Unique("model"));
        var endpoint = Client.GetGrain<IEndpointGrain>(name);
        await PushAndEnableAsync(Client, name, "1.0.0");
        await AcceptedAsync(Policy(name).Put(Spec(model, name), PolicyVersions.None, "test"));
        Assert.AreEqual(PolicyStatus.Accepted, (await endpoint.Put(new() { Models = [new(model, 1)], Routing = new() { Strategy = name } }, PolicyVersions.None, "test")).Status);
        await AcceptedAsync(Policy(name).Put(Spec(model, name) with { Routing = new() { Strategy = "mesh" } }, 1, "test"));
        Assert.AreEqual(PolicyStatus.Accepted, (await endpoint.Put(new() { Models = [new(model, 1)] }, 1, "test")).Status);
        Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGrain>(name).Disable(false, "test")).Status);

        var (policy, other) = (await Policy(name).Rollback(1, 2, "test"), await endpoint.Rollback(1, 2, "test"));
        Assert.AreEqual((PolicyStatus.Invalid, "routing.strategy"), (policy.Status, policy.Errors.Single().Field));
        Assert.AreEqual((PolicyStatus.Invalid, "routing.strategy"), (other.Status, other.Errors.Single().Field));
        Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGrain>(name).Enable("", false, "test")).Status);
        Assert.AreEqual(PolicyStatus.Accepted, (await endpoint.Rollback(1, 2, "test")).Status);
        await endpoint.Delete(PolicyVersions.Any, "test");
        await EndAsync(name);
    }

    [TestMethod]
    public async Task Push_OfOtherContentOrTooMuch_IsRefused_AndOldVersionsGo()
    {
        var name = Name();
        await PushAndEnableAsync(Client, name, "1.0.0");
        var gate = Client.GetGrain<IPluginGateGrain>(0);
        Assert.AreEqual(PluginStatus.Accepted, (await gate.Push(new(PluginArchive.Of(name, "1.0.0"), false, false), "test")).Status, "The same again is there.");
        var content = Client.GetGrain<IPluginPackageGrain>((await Client.GetGrain<IPluginGrain>(name).Get())!.Spec.Versions[0].Digest);
        await content.Delete();
        Assert.AreEqual(PluginStatus.Accepted, (await gate.Push(new(PluginArchive.Of(name, "1.0.0"), false, false), "test")).Status);
        Assert.IsNotNull(await content.Get(), "What was lost is there again.");
        Assert.AreEqual(PluginStatus.Conflict, (await gate.Push(new(PluginArchive.Of(name, "1.0.0", []), false, false), "test")).Status);
        Assert.AreEqual("package", (await gate.Push(new([1, 2, 3], false, false), "test")).Errors.Single().Field);
        Assert.AreEqual("package", (await gate.Push(new(new byte[IPluginGateGrain.MaxArchiveBytes + 1], false, false), "test")).Errors.Single().Field);
        Assert.AreEqual("name", (await gate.Push(new(PluginArchive.Of("mesh", "1.0.0"), false, false), "test")).Errors.Single().Field);
        for (var i = 0; i < IPluginGrain.MaxVersions; i++) await PushAsync(Client, name, $"1.1.{i}");
        var kept = (await Client.GetGrain<IPluginGrain>(name).Get())!.Spec.Versions;
        Assert.HasCount(IPluginGrain.MaxVersions, kept);
        Assert.AreEqual(("1.1.9", "1.0.0"), (kept[0].Version, kept[^1].Version), "What is enabled stays.");
        await EndAsync(name);
    }

    [TestMethod]
    public async Task Silo_ThatCannotLoadAPlugin_UsesTheFallback_UntilItCan()
    {
        var (name, node, model) = (Name(), Unique("node"), Unique("model"));
        await RegisterAsync(node, Unique("cell"));
        await using var reporting = KeepReporting(node, model);
        await PushAsync(Client, name, "1.0.0");
        var plugin = Client.GetGrain<IPluginGrain>(name);
        var digest = (await plugin.Get())!.Spec.Versions[0].Digest;
        using (FailingCalls.FailAll($"plugin-package/{digest}", "Get"))
        {
            Assert.AreEqual(PluginStatus.Accepted, (await plugin.Enable("1.0.0", false, "test")).Status);
            await AcceptedAsync(Policy(name).Put(Spec(model, $"{name}@1.0.0"), PolicyVersions.None, "test"));
            await EverywhereAsync(model, "least_queue");
        }
        await EverywhereAsync(model, $"{name}@1.0.0");
        Assert.AreEqual(PluginStatus.Accepted, (await plugin.Disable(true, "test")).Status);
        await EverywhereAsync(model, "least_queue");
        await EndAsync(name);
    }

    [TestMethod]
    public async Task Restart_KeepsThePlugin_AndDecidesByIt()
    {
        var directory = Directory.CreateTempSubdirectory("infermesh-plugins-").FullName;
        var (name, node, model) = (Name(), Unique("node"), Unique("model"));
        try
        {
            for (var life = 1; life <= 2; life++)
            {
                await using var silos = Build(Path.Combine(directory, "mesh.db"), 1);
                await silos.DeployAsync();
                if (life == 1)
                {
                    await PushAndEnableAsync(silos.Client, name, "1.0.0");
                    await silos.Client.GetGrain<INodeGrain>(node).Register(new() { NodeId = node, CellId = Unique("cell"), Zone = "z" }, "test");
                    await AcceptedAsync(silos.Client.GetGrain<IPolicyGrain>(name).Put(Spec(model, name), PolicyVersions.None, "test"));
                }
                Assert.AreEqual("1.0.0", (await silos.Client.GetGrain<IPluginGrain>(name).Get())?.Spec.Current);
                await DecidesAsync(silos.Client, node, model, $"{name}@1.0.0", life);
                // The first life ends as a crash does: nobody has time to say good-bye.
                if (life == 1) await silos.KillSiloAsync(silos.Silos[0]);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Push_WhoseContentCannotBeStored_LeavesNoVersion_AndGoesWellTheNextTime(bool done)
    {
        var name = Name();
        var archive = PluginArchive.Of(name, "1.0.0");
        var gate = Client.GetGrain<IPluginGateGrain>(0);
        var digest = (await gate.Push(new(archive, false, DryRun: true), "test")).Plugin!.Spec.Versions.Single().Digest;
        FailingWrites.Fail($"plugin-package/plugin-package/{digest}", done: done);
        await Assert.ThrowsAsync<Exception>(() => gate.Push(new(archive, false, false), "test"));
        Assert.IsNull(await Client.GetGrain<IPluginGrain>(name).Get());
        Assert.AreEqual(PluginStatus.Accepted, (await gate.Push(new(archive, false, false), "test")).Status);
        CollectionAssert.AreEqual(archive, await Client.GetGrain<IPluginPackageGrain>(digest).Get());
        await EndAsync(name);
    }

    [TestMethod]
    public async Task Backup_InAMeshWithNothing_BringsPluginAndPolicyBack_AndThePluginDecides()
    {
        var (name, model, node) = (Name(), Unique("model"), Unique("node"));
        var directory = Directory.CreateTempSubdirectory("infermesh-plugin-backup-").FullName;
        try
        {
            string[] digests = [];
            (ObjectImage?[] Packages, ObjectImage? Plugin, ObjectImage? Policy) saved = ([], null, null);
            for (var life = 1; life <= 2; life++)
            {
                await using var silos = Build(Path.Combine(directory, $"mesh-{life}.db"), 1);
                await silos.DeployAsync();
                IBackedUpGrain Saved(string type, string key) => silos.Client.GetGrain<IBackedUpGrain>(GrainId.Create(type, key));
                await silos.Client.GetGrain<INodeGrain>(node).Register(new() { NodeId = node, CellId = Unique("cell"), Zone = "z" }, "test");
                if (life == 1)
                {
                    await PushAndEnableAsync(silos.Client, name, "1.0.0");
                    await PushAndEnableAsync(silos.Client, name, "2.0.0");
                    await AcceptedAsync(silos.Client.GetGrain<IPolicyGrain>(name).Put(Spec(model, name), PolicyVersions.None, "test"));
                    digests = [.. (await silos.Client.GetGrain<IPluginGrain>(name).Get())!.Spec.Versions.Select(v => v.Digest)];
                    saved = (await Task.WhenAll(digests.Select(d => Saved(BackedUpTypes.PluginPackage, d).Save())), await Saved(BackedUpTypes.Plugin, name).Save(), await Saved(BackedUpTypes.Policy, name).Save());
                    continue;
                }
                var (packages, plugin, policy) = (saved.Packages, saved.Plugin!, saved.Policy!);
                Assert.IsNull(await silos.Client.GetGrain<IPluginPackageGrain>(digests[0]).Get());
                // What it is not, and what is none.
                var other = await Saved(BackedUpTypes.PluginPackage, digests[0]).Restore(packages[1]!, false, true, "test");
                Assert.AreEqual(RestoreStatus.Invalid, other.Status);
                StringAssert.Contains(other.Reason, digests[1]);
                Assert.AreEqual(RestoreStatus.Invalid, (await Saved(BackedUpTypes.PluginPackage, digests[0]).Restore(new(1, false, """{"Archive":"AQID"}"""), false, false, "test")).Status);
                Assert.AreEqual(RestoreStatus.Invalid, (await Saved(BackedUpTypes.Plugin, name).Restore(plugin with { State = plugin.State.Replace(digests[0], "none", StringComparison.Ordinal) }, false, true, "test")).Status);
                foreach (var dryRun in new[] { true, false })
                {
                    foreach (var (digest, package) in digests.Zip(packages)) Assert.AreEqual(RestoreStatus.Created, (await Saved(BackedUpTypes.PluginPackage, digest).Restore(package!, false, dryRun, "test")).Status);
                    Assert.AreEqual(RestoreStatus.Created, (await Saved(BackedUpTypes.Plugin, name).Restore(plugin, false, dryRun, "test")).Status);
                    // In the dry run its plugin is not there yet, and its fallback would serve.
                    Assert.AreEqual(RestoreStatus.Created, (await Saved(BackedUpTypes.Policy, name).Restore(policy, false, dryRun, "test")).Status);
                }
                await DecidesAsync(silos.Client, node, model, $"{name}@2.0.0", life);
                var restored = (await silos.Client.GetGrain<IPluginGrain>(name).Get())!;
                Assert.AreEqual(("2.0.0", "1.0.0", true, plugin.Version), (restored.Spec.Current, restored.Spec.Previous, restored.Spec.Enabled, restored.Version));
                Assert.AreEqual(RestoreStatus.Unchanged, (await Saved(BackedUpTypes.PluginPackage, digests[0]).Restore(packages[0]!, false, false, "test")).Status);
                Assert.AreEqual(RestoreStatus.Unchanged, (await Saved(BackedUpTypes.Plugin, name).Restore(plugin, false, false, "test")).Status);
                Assert.AreEqual(PluginStatus.Accepted, (await silos.Client.GetGrain<IPluginGrain>(name).Rollback(false, "test")).Status);
                await DecidesAsync(silos.Client, node, model, $"{name}@1.0.0", life + 1);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task DecidesAsync(IClusterClient client, string node, string model, string strategy, int epoch)
    {
        var (telemetry, sequence) = (client.GetStreamProvider(MeshStreams.ProviderName).GetStream<NodeTelemetry>(StreamId.Create(MeshStreams.NodeTelemetry, node)), 0L);
        await EventuallyAsync(async () =>
        {
            await telemetry.OnNextAsync(Telemetry(node, model, ++sequence, epoch: epoch));
            return await client.GetGrain<IRouterGrain>(0).DryRun(new() { Model = model });
        }, d => d.Strategy == strategy, $"a decision by {strategy}");
    }

    private static async Task DecideAsync(string model, int key, ConcurrentQueue<RouteDecision> decisions, CancellationToken stop)
    {
        const int batch = 10;
        var queries = Enumerable.Repeat(new RouteQuery { Model = model, PromptTokens = 500, OutputTokens = 100 }, batch).ToArray();
        RouteOutcome[] outcomes = [];
        var next = DateTime.UtcNow;
        while (!stop.IsCancellationRequested)
        {
            var answers = await Router(key).RouteBatch(queries, outcomes);
            foreach (var answer in answers) decisions.Enqueue(answer);
            outcomes = [.. answers.Select(a => new RouteOutcome { DecisionId = a.DecisionId, Status = OutcomeStatus.Success })];
            next += TimeSpan.FromMilliseconds(40);
            if (next > DateTime.UtcNow) await Task.Delay(next - DateTime.UtcNow, CancellationToken.None);
        }
        await Router(key).RouteBatch([], outcomes);
    }

    private static async Task EverywhereAsync(string model, string strategy) => await EventuallyAsync(
        async () => await Task.WhenAll(Enumerable.Range(0, Keys).Select(key => Router(key).DryRun(new() { Model = model }).AsTask())),
        all => all.All(d => d.Strategy == strategy) && all.Select(d => d.Silo).Distinct().Count() == Silos.Silos.Count, strategy);

    private static async Task PushAndEnableAsync(IClusterClient client, string name, string version)
    {
        await PushAsync(client, name, version);
        var enabled = await client.GetGrain<IPluginGrain>(name).Enable(version, false, "test");
        Assert.AreEqual(PluginStatus.Accepted, enabled.Status, string.Join("; ", enabled.Errors));
    }

    private static async Task PushAsync(IClusterClient client, string name, string version)
    {
        var pushed = await client.GetGrain<IPluginGateGrain>(0).Push(new(PluginArchive.Of(name, version), false, false), "ann");
        Assert.AreEqual(PluginStatus.Accepted, pushed.Status, string.Join("; ", pushed.Errors));
    }

    private static async Task EndAsync(string name)
    {
        await Policy(name).Delete(PolicyVersions.Any, "test");
        Assert.AreEqual(PluginStatus.Accepted, (await Client.GetGrain<IPluginGrain>(name).Remove("", false, "test")).Status);
    }

    private static async Task AcceptedAsync(Task<PolicyResult> change)
    {
        var result = await change;
        Assert.AreEqual(PolicyStatus.Accepted, result.Status, string.Join("; ", result.Errors));
    }

    private static PolicySpec Spec(string model, string strategy) => new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = strategy, Fallback = "least_queue" } };

    private static IPolicyGrain Policy(string name) => Client.GetGrain<IPolicyGrain>(name);

    private static string Name() => Unique("plugin").Replace('-', '_');

    /// <summary>Counts what the plugins of a name are asked, and what their fallbacks answer.</summary>
    private sealed class PluginCalls : IDisposable
    {
        private readonly MeterListener _listener = new();
        private int _rankings;
        private int _fallbacks;

        public PluginCalls(string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name is "infermesh.plugin.duration" or "infermesh.plugin.fallbacks") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Count(name, tags, ref _rankings));
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Count(name, tags, ref _fallbacks));
            _listener.Start();
        }

        public int Rankings => Volatile.Read(ref _rankings);

        public int Fallbacks => Volatile.Read(ref _fallbacks);

        public void Dispose() => _listener.Dispose();

        private static void Count(string name, ReadOnlySpan<KeyValuePair<string, object?>> tags, ref int counter)
        {
            foreach (var tag in tags)
            {
                if (tag is { Key: "plugin", Value: string plugin } && plugin.StartsWith($"{name}@", StringComparison.Ordinal)) Interlocked.Increment(ref counter);
            }
        }
    }
}
