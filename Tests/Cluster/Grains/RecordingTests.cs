using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>Silos record what they decide under load, and it replays bit for bit.</summary>
[TestClass]
public sealed class RecordingTests
{
    private const int Callers = 8, CallsOfEach = 150;

    [TestMethod]
    public async Task Route_UnderLoad_IsRecordedAndReplaysBitForBit()
    {
        var (policy, cell) = (Unique("policy"), Unique("cell"));
        var (plain, learned) = (Unique("recorded"), Unique("recorded"));
        var nodes = Enumerable.Range(0, 6).Select(_ => Unique("node")).ToArray();
        foreach (var node in nodes) await RegisterAsync(node, cell);
        await Client.GetGrain<IPolicyGrain>(policy).Put(new() { Kind = PolicyKind.Routing, Models = [learned], Routing = new() { Strategy = "hybrid_mesh" } }, PolicyVersions.None, "test");
        // A report names all that a node serves: two reporters of one node would take turns with what it has.
        var reporters = nodes.Select((n, i) => KeepReporting(n, i % 2 == 0 ? plain : learned)).ToArray();
        foreach (var model in new[] { plain, learned })
            await EventuallyAsync(() => Router().DryRun(new() { Model = model }).AsTask(), d => d.Eligible == 3 && (model == plain || d.Strategy == "hybrid_mesh"), $"nodes of {model}");

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => CallAsync(caller % 2 == 0 ? plain : learned, caller)));
        foreach (var reporter in reporters) await reporter.DisposeAsync();
        await Client.GetGrain<IPolicyGrain>(policy).Delete(PolicyVersions.Any, "test");

        // The silos hand over what they have once a second.
        var found = await EventuallyAsync(() => Task.FromResult(Replay(plain, learned)), f => f.Ended >= Callers * CallsOfEach, "all ends in the files");
        Assert.AreEqual(Callers * CallsOfEach, found.Ours);
        Assert.IsEmpty(found.Replay.Differences, string.Join("\n", found.Replay.Differences));
        Assert.AreEqual(found.Replay.Replayed, found.Replay.Identical);
        Assert.AreEqual(0, found.Replay.Skipped(Replayable.MemoryUnknown), "Recorded from the first decision on.");
        Assert.IsGreaterThanOrEqualTo(Callers * CallsOfEach, found.Replay.Replayed);
    }

    private static async Task CallAsync(string model, int caller)
    {
        for (var call = 0; call < CallsOfEach; call++)
        {
            var session = call % 3 == 0 ? $"session-{caller}" : "";
            var decision = await Router(caller).Route(new() { Model = model, PromptTokens = 100 + 37 * call, OutputTokens = 20 + call, Session = session, RequestId = call % 2 == 0 ? $"r-{caller}-{call}" : "" });
            Assert.AreEqual(RouteStatus.Routed, decision.Status);
            if (call % 10 == 4 && decision.Targets.Count > 1) await Router(caller).Move(decision.DecisionId, decision.Targets[1].NodeId);
            await Router(caller).Report(new() { DecisionId = decision.DecisionId, Status = call % 20 == 7 ? OutcomeStatus.Error : OutcomeStatus.Success, TtftMs = 1, LatencyMs = 2, PromptTokens = 100 + 37 * call, OutputTokens = 20 + call });
        }
    }

    private static (DecisionReplay Replay, int Ours, int Ended) Replay(params string[] models)
    {
        var (replay, reader) = (new DecisionReplay(), new RecordingReader());
        var counting = new Counting(replay, models);
        foreach (var file in Directory.CreateDirectory(RecordingPath).EnumerateFiles().Select(static f => f.FullName).Order(StringComparer.Ordinal)) reader.Read(File.ReadAllBytes(file), counting);
        return (replay, counting.Ours, counting.Ended);
    }

    private sealed class Counting(DecisionReplay inner, string[] models) : IRecordingVisitor
    {
        private readonly HashSet<long> _numbers = [];

        public int Ours { get; private set; }

        public int Ended { get; private set; }

        void IRecordingVisitor.Decided(in RecordedDecision decision)
        {
            // Numbers begin anew with each recording.
            if (decision.Number == 0) _numbers.Clear();
            if (models.Contains(decision.Request.Model) && decision.Result.Outcome == DecisionOutcome.Routed)
            {
                Ours++;
                _numbers.Add(decision.Number);
            }
            inner.Decided(decision);
        }

        void IRecordingVisitor.Sent(IRoutingStrategy strategy, in RankingInput input, int target) => inner.Sent(strategy, input, target);

        void IRecordingVisitor.Learned(IRoutingStrategy strategy, in Outcome outcome) => inner.Learned(strategy, outcome);

        void IRecordingVisitor.Ended(in RecordedEnd end)
        {
            if (_numbers.Remove(end.Decision)) Ended++;
        }
    }
}
