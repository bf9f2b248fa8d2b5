using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Engine.ReferenceBugs;

/// <summary>A request that was enqueued.</summary>
/// <param name="Request">Its number.</param>
/// <param name="Work">Seconds of service that it adds to its batch.</param>
internal readonly record struct Enqueued(int Request, double Work);

/// <summary>
/// A node of the original with its two bugs. A batch closes when it is full or its window is over, but that is looked at only when the next request of the same type comes to
/// the node; and a batch never gives its place and its memory back, so that a node serves so many batches in all as should run at a time.
/// </summary>
internal sealed class BuggyNode(BuggyProfile profile, int cell)
{
    private readonly Queue<Enqueued>[] _queues = [new(), new(), new()];
    private readonly long[] _openedNs = new long[3];

    /// <summary>Whether the node is in another cell than the first: all that the original knows of distance.</summary>
    public bool IsRemote { get; } = cell > 0;

    /// <summary>Requests that wait.</summary>
    public int Depth { get; private set; }

    /// <summary>Batches that were closed.</summary>
    public int Batches { get; private set; }

    /// <summary>GB that closed batches took.</summary>
    public double UsedGb { get; private set; }

    public double Utilisation => (double)Batches / profile.Concurrency;

    public double VramShare => UsedGb / profile.VramGb;

    /// <summary>Enqueues a request; false when there is no memory for it, in which case the original loses it without a word.</summary>
    /// <param name="item">The request.</param>
    /// <param name="type">Its type.</param>
    /// <param name="nowNs">Now.</param>
    /// <param name="batch">The requests of the batch that this closes, or empty.</param>
    /// <param name="serviceSeconds">How long the batch takes: each batch gets the whole device.</param>
    public bool Enqueue(in Enqueued item, RequestType type, long nowNs, List<int> batch, out double serviceSeconds)
    {
        serviceSeconds = 0;
        var each = profile.GbOf(type);
        if (UsedGb + each > profile.VramGb + 1e-9) return false;
        var queue = _queues[(int)type];
        if (queue.Count == 0) _openedNs[(int)type] = nowNs;
        queue.Enqueue(item);
        Depth++;
        if (queue.Count < profile.MaxBatch && nowNs - _openedNs[(int)type] < profile.WindowNs) return true;
        if (Batches >= profile.Concurrency) return true;
        var size = (int)Math.Min(queue.Count, Math.Min(profile.MaxBatch, (profile.VramGb - UsedGb) / each + 1e-9));
        for (var i = 0; i < size; i++)
        {
            var one = queue.Dequeue();
            batch.Add(one.Request);
            serviceSeconds += one.Work;
        }
        Depth -= size;
        Batches++;
        UsedGb += size * each;
        _openedNs[(int)type] = nowNs;
        return true;
    }
}

/// <summary>The first GPU profile of a configuration, as the original reads it: whole GPUs, no weights.</summary>
/// <param name="TokensPerSecond">Tokens per second.</param>
/// <param name="Concurrency">Batches.</param>
/// <param name="VramGb">Memory in GB.</param>
/// <param name="WindowNs">Batch window.</param>
/// <param name="KvGb">GB per language-model request.</param>
internal sealed record BuggyProfile(double TokensPerSecond, int Concurrency, double VramGb, long WindowNs, double KvGb)
{
    /// <summary>Requests of a full batch.</summary>
    public int MaxBatch => 8 * Concurrency;

    public double GbOf(RequestType type) => type switch { RequestType.Vision => 0.5, RequestType.Asr => 0.2, _ => KvGb };

    /// <summary>Seconds of service of one request.</summary>
    public double Seconds(in SimRequest request) => TokenRateProfile.Work(request) / TokensPerSecond;
}
