using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Shadow strategies in silos: asked after the requests, and their estimate for the whole mesh.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ShadowTests
{
    [TestMethod]
    public async Task Outcomes_OfBothSilos_BecomeOneEstimate()
    {
        var (policy, model) = (Unique("policy"), Unique("model"));
        await Client.GetGrain<IPolicyGrain>(policy).Put(new() { Kind = PolicyKind.Routing, Models = [model], Routing = new() { Strategy = "baseline_rr" } }, PolicyVersions.None, "test");
        var before = (await FindAsync("baseline_rr", "least_queue"))?.Requests ?? 0;
        await ServeAsync(model, "baseline_rr", rounds: 60);

        var found = await EventuallyAsync(() => FindAsync("baseline_rr", "least_queue"), c => c is { Regret: not null } && c.Requests >= before + 320, "an estimate", TimeSpan.FromSeconds(60));

        Assert.IsTrue(found!.AgreeShare is >= 0 and <= 1, $"{found}");
        Assert.IsTrue(found.Regret!.Low <= found.Regret.Seconds && found.Regret.Seconds <= found.Regret.High, $"{found}");
        Assert.IsGreaterThan(0, found.Regret.Slope, $"{found}");
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");
    }

    [TestMethod]
    public async Task Report_SentAgain_CountsOnce()
    {
        var grain = Client.GetGrain<IShadowGrain>(IShadowGrain.Key);
        var (strategy, silo) = (Unique("strategy"), Unique("silo"));
        var sums = Enumerable.Range(0, 32).SelectMany(_ => new Int128[] { 20, 10, 40_000_000 + Random.Shared.Next(1000), 20_000_000, 5_000_000, 30_000_000_000_000, 60_000_000_000_000, 20_000_000, 10_000_000 }).ToArray();
        for (var i = 0; i < 3; i++) await grain.Report(silo, [new(strategy, "shadow", sums)]);
        await grain.Report(silo + "-other", [new(strategy, "shadow", sums)]);

        var found = await FindAsync(strategy, "shadow");

        Assert.AreEqual(2 * 32 * 20, found!.Requests);
        Assert.AreEqual(0.5, found.AgreeShare);
        Assert.AreEqual(0.25, found.Regret!.PricedSeconds, 1e-9);
    }

    private static async Task<ShadowComparison?> FindAsync(string strategy, string shadow) =>
        (await Client.GetGrain<IShadowGrain>(IShadowGrain.Key).List()).FirstOrDefault(c => c.Strategy == strategy && c.Shadow == shadow);

    /// <summary>Requests of many lengths, each of which takes about as long as was expected.</summary>
    private static async Task ServeAsync(string model, string strategy, int rounds)
    {
        var nodes = Enumerable.Range(0, 4).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes) await RegisterAsync(node, Unique("cell"));
        var reporters = nodes.Select(n => KeepReporting(n, model)).ToArray();
        await EventuallyAsync(
            async () => await Task.WhenAll(Enumerable.Range(0, 16).Select(key => Router(key).DryRun(new() { Model = model }).AsTask())),
            all => all.All(d => d.Strategy == strategy && d.Eligible == nodes.Length) && all.Select(d => d.Silo).Distinct().Count() == Silos.Silos.Count, "nodes");
        for (var round = 0; round < rounds; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Router(i).Route(new() { Model = model, PromptTokens = 100 * (i + 1), OutputTokens = 1 + (i * 3) }).AsTask()));
            await Task.Delay(50);
            foreach (var answer in answers)
                await Router(0).Report(new() { DecisionId = answer.DecisionId, NodeId = answer.Targets[0].NodeId, Status = OutcomeStatus.Success, LatencyMs = Math.Max(1, answer.Targets[0].Cost.Total * 1000) });
        }
        foreach (var reporter in reporters) await reporter.DisposeAsync();
    }
}
