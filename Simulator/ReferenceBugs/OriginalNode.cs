using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.ReferenceBugs;

/// <summary>
/// The original's node with both of its bugs: a batch and its memory are never given back, and whether a batch is due is looked at only when another request of the same type
/// arrives at the same node.
/// </summary>
internal sealed class OriginalNode(TokenRateSettings gpu)
{
    private readonly List<SimRequest>[] _queues = [[], [], []];
    private readonly long[] _openSinceNs = new long[3];

    /// <summary>Batches ever started.</summary>
    public int Batches { get; private set; }

    /// <summary>Memory ever taken, GB.</summary>
    public double UsedGb { get; private set; }

    /// <summary>Requests in the queues.</summary>
    public int Waiting { get; private set; }

    /// <summary>Takes a request; false when its memory alone does not fit beside the batches, which drops it without a word.</summary>
    public bool Enqueue(in SimRequest request, long nowNs)
    {
        if (UsedGb + gpu.GbOf(request.Type) > gpu.MemoryGb) return false;
        var queue = _queues[(int)request.Type];
        if (queue.Count == 0) _openSinceNs[(int)request.Type] = nowNs;
        queue.Add(request);
        Waiting++;
        return true;
    }

    /// <summary>Starts the batch of a type if it is due, has a place and fits; returns what it took and how long that takes.</summary>
    public (IReadOnlyList<SimRequest> Batch, long ServiceNs) Close(RequestType type, long nowNs)
    {
        var queue = _queues[(int)type];
        if (queue.Count < gpu.MaxBatch && nowNs - _openSinceNs[(int)type] < gpu.BatchWindowNs) return ([], 0);
        if (Batches >= gpu.Concurrency) return ([], 0);
        var size = Math.Min(Math.Min(queue.Count, gpu.MaxBatch), (int)((gpu.MemoryGb - UsedGb) / gpu.GbOf(type)));
        if (size == 0) return ([], 0);
        var batch = queue.GetRange(0, size);
        queue.RemoveRange(0, size);
        Waiting -= size;
        Batches++;
        UsedGb += size * gpu.GbOf(type);
        _openSinceNs[(int)type] = nowNs;
        // Every batch gets the full rate of the GPU, however many run.
        var tokens = batch.Sum(r => TokenRateSettings.WorkOf(r.Type, r.PromptTokens, r.OutputTokens).All);
        return (batch, (long)(tokens / gpu.TokensPerSecond * 1e9));
    }
}
