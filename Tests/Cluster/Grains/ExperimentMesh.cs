using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>A model on one node, with experiments on it.</summary>
internal sealed class ExperimentMesh(string model, IAsyncDisposable reporter) : IAsyncDisposable
{
    private readonly List<string> _experiments = [];

    public string Model => model;

    /// <summary>Outcomes that routers were told of.</summary>
    public long Reported { get; private set; }

    /// <summary>An experiment that decides soon.</summary>
    public static ExperimentPlan Plan(string model) => new()
    {
        Arms = [new() { Name = "control", Strategy = "least_queue" }, new() { Name = "challenger", Strategy = "baseline_rr" }],
        Models = [model],
        MinRequestsPerArm = 100,
        Guardrails = [new() { Metric = "error_rate", Margin = 0.2 }],
    };

    public static async Task<ExperimentMesh> StartAsync()
    {
        var (model, node) = (Unique("model"), Unique("node"));
        await RegisterAsync(node, Unique("cell"));
        // Room for all that is in flight at once: outcomes arrive beside the requests that follow.
        var reporter = KeepReporting(node, model, static t => t with { Runtimes = [.. t.Runtimes!.Select(r => r with { Models = [.. r.Models.Select(m => m with { MaxConcurrency = 100_000 })] })] });
        var mesh = new ExperimentMesh(model, reporter);
        // Routers answer from either silo, and each has to know the node.
        for (var seen = new HashSet<string>(); seen.Count < 2;)
        {
            var decision = await mesh.RouteAsync();
            if (decision.Status == RouteStatus.Routed) seen.Add(decision.Silo);
            else await Task.Delay(50);
        }
        return mesh;
    }

    /// <summary>A name whose experiment is deleted at the end.</summary>
    public string Name()
    {
        var name = Unique("experiment");
        _experiments.Add(name);
        return name;
    }

    public async Task<string> BeginAsync(ExperimentPlan plan)
    {
        var name = Name();
        var begun = await Client.GetGrain<IExperimentGrain>(name).Create(plan, "test");
        Assert.AreEqual(PolicyStatus.Accepted, begun.Status, string.Join("; ", begun.Errors));
        if (plan.Models[0] != Model) return name;
        // Within seconds on every silo.
        for (var seen = new HashSet<string>(); seen.Count < 2;)
        {
            var decision = await RouteAsync(plan.Unit == SplitUnit.Session ? "session-0" : "");
            if (decision.Experiment == name) seen.Add(decision.Silo);
        }
        return name;
    }

    public Task<RouteDecision> RouteAsync(string session = "") => Router(Random.Shared.Next(64)).DryRun(new() { Model = Model, Session = session, RequestId = Guid.NewGuid().ToString("N") }).AsTask();

    /// <summary>Sends requests until the experiment is as it should be.</summary>
    /// <param name="name">Experiment.</param>
    /// <param name="ttftMs">About how long the first token of a request takes, by its arm; null when what came of it says nothing.</param>
    /// <param name="until">When it ends.</param>
    /// <param name="failing">Share of the requests that fail, by their arm.</param>
    public async Task<ExperimentReport> RunAsync(string name, Func<string, double?> ttftMs, Func<ExperimentReport, bool> until, Func<string, double>? failing = null)
    {
        var outcomes = new List<RouteOutcome>();
        for (var requests = 0; requests < 40_000; requests += 50)
        {
            var queries = Enumerable.Range(0, 50).Select(_ => new RouteQuery { Model = Model, RequestId = Guid.NewGuid().ToString("N") }).ToArray();
            var decisions = await SendAsync(queries, [.. outcomes]);
            Reported += outcomes.Count;
            outcomes.Clear();
            foreach (var decision in decisions)
            {
                Assert.AreEqual(RouteStatus.Routed, decision.Status, $"{decision.RetryAfter} {string.Join("; ", decision.Errors)}");
                if (failing?.Invoke(decision.Arm) > Random.Shared.NextDouble())
                {
                    // No node is blamed: it would be shut out.
                    outcomes.Add(new() { DecisionId = decision.DecisionId, Status = OutcomeStatus.Rejected });
                    continue;
                }
                if (ttftMs(decision.Arm) is not { } ms)
                {
                    outcomes.Add(new() { DecisionId = decision.DecisionId, Status = OutcomeStatus.Rejected, TtftMs = 1 });
                    continue;
                }
                var ttft = ms * Math.Exp(0.3 * (Random.Shared.NextDouble() + Random.Shared.NextDouble() - 1));
                outcomes.Add(new() { DecisionId = decision.DecisionId, NodeId = decision.Targets[0].NodeId, TtftMs = ttft, LatencyMs = ttft });
            }
            if (await ReadAsync(name) is { } report && until(report)) return report;
        }
        throw new AssertFailedException($"{name}: still {await ReadAsync(name)}");
    }

    // A call that a dying silo takes with it is made again, as the API does; a decision is never a refusal.
    private static async Task<RouteDecision[]> SendAsync(RouteQuery[] queries, RouteOutcome[] outcomes)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await Router(Random.Shared.Next(64)).RouteBatch(queries, outcomes);
            }
            catch (Exception e) when (e is TimeoutException or OrleansException && attempt < 50)
            {
                await Task.Delay(100);
            }
        }
    }

    private static async Task<ExperimentReport?> ReadAsync(string name)
    {
        try
        {
            return await Client.GetGrain<IExperimentGrain>(name).Read();
        }
        catch (Exception e) when (e is TimeoutException or OrleansException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _experiments) await Client.GetGrain<IExperimentGrain>(name).Delete(PolicyVersions.Any, "", "test");
        await reporter.DisposeAsync();
    }
}
