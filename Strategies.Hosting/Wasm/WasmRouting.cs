using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>Ranks in a WASM plugin. What is learned of targets is learned by the host, as hybrid_mesh does, and is columns to the plugin.</summary>
internal sealed class WasmRouting(WasmPool pool, PluginBudget budget, double[] parameters, ServiceCorrections learned, ulong columns) : IRoutingGuest
{
    private readonly CandidateWriter _writer = new(parameters, learned);

    public bool WantsPrefix => (columns >> WasmAbi.PrefixBit & 1) != 0;

    public bool Learns => (columns & CandidateWriter.LearnedBits) != 0;

    public PluginFailure Rank(in RankingInput input, Span<RankedTarget> best, out int count)
    {
        count = 0;
        if (pool.Rent(out var failure) is not { } instance) return failure;
        instance.Allow(budget.RoutingFuel, budget.RoutingDeadline, input.Seed);
        failure = instance.Reserve(_writer.Bytes(instance.Columns, input.Targets.Count, 1, best.Length, input.Request.Prefix.Length));
        if (failure == PluginFailure.None)
        {
            _writer.Begin(instance, input, 1);
            _writer.WriteRequest(instance, input, 0, 1, best.Length, 0);
            failure = Call(instance);
        }
        if (failure == PluginFailure.None) count = _writer.Read(instance, input.Targets.Count, 0, 1, 0, best);
        End(instance, failure);
        return failure;
    }

    /// <summary>Ranks several requests over the same targets in one call; writes their picks one after the other, <paramref name="wanted"/> places for each.</summary>
    public PluginFailure RankBatch(TargetSet targets, IReadOnlyList<BatchedRequest> requests, long nowTicks, int wanted, Span<RankedTarget> best, Span<int> counts)
    {
        if (pool.Rent(out var failure) is not { } instance) return failure;
        instance.Allow(budget.RoutingFuel * (ulong)requests.Count, budget.RoutingDeadline * requests.Count, requests[0].Seed);
        failure = instance.Reserve(_writer.Bytes(instance.Columns, targets.Count, requests.Count, wanted, requests.Sum(static r => r.Request.Prefix.Length)));
        if (failure == PluginFailure.None)
        {
            _writer.Begin(instance, requests[0].Input(targets, nowTicks), requests.Count);
            Span<int> at = new int[requests.Count + 1];
            for (var i = 0; i < requests.Count; i++) at[i + 1] = _writer.WriteRequest(instance, requests[i].Input(targets, nowTicks), i, requests.Count, wanted, at[i]);
            failure = Call(instance);
            for (var i = 0; i < requests.Count && failure == PluginFailure.None; i++) counts[i] = _writer.Read(instance, targets.Count, i, requests.Count, at[i], best.Slice(i * wanted, wanted));
        }
        End(instance, failure);
        return failure;
    }

    public CostTerms? Explain(in RankingInput input, int target) => null;

    public void Dispatched(in RankingInput input, int target) => learned.Meet(input.Targets);

    public void Completed(in Outcome outcome) => learned.Observe(outcome);

    private static PluginFailure Call(WasmInstance instance)
    {
        var failure = instance.Call(instance.Entry!, instance.Buffer, out var status);
        return failure == PluginFailure.None && status != 0 ? PluginFailure.Invalid : failure;
    }

    private void End(WasmInstance instance, PluginFailure failure)
    {
        if (failure == PluginFailure.None) pool.Return(instance);
        else pool.Drop(instance);
    }
}

/// <summary>One request of a batch.</summary>
/// <param name="Request">The request; all of a batch come from one origin.</param>
/// <param name="Filter">Verdict per target.</param>
/// <param name="Sequence">Decisions before this one.</param>
/// <param name="Seed">Breaks ties.</param>
internal sealed record BatchedRequest(RoutingRequest Request, ReadOnlyMemory<FilterReason> Filter, ulong Sequence, ulong Seed)
{
    public RankingInput Input(TargetSet targets, long nowTicks) => new(targets, Request, Filter.Span, nowTicks, Sequence, Seed);
}
