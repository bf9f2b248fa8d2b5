namespace InferMesh.Simulator.Service;

/// <summary>Types of requests.</summary>
public enum RequestType : byte
{
    /// <summary>Language model.</summary>
    Llm = 0,

    /// <summary>Vision.</summary>
    Vision,

    /// <summary>Speech recognition.</summary>
    Asr,
}

/// <summary>One request of a workload, drawn once: every strategy meets the same ones.</summary>
/// <param name="Id">Position in the order of arrival, from 0; a child of a closed loop or session gets the next free one.</param>
/// <param name="AtNs">Arrival, nanoseconds of simulated time.</param>
/// <param name="Type">Type.</param>
/// <param name="PromptTokens">Prompt tokens (or their equivalent for vision and speech), 1 or more.</param>
/// <param name="OutputTokens">Output tokens, 1 or more; the router is not told.</param>
/// <param name="Tenant">Tenant, from 0.</param>
/// <param name="SloClass">Index into the SLO classes, or -1.</param>
/// <param name="Cell">Cell at which the request enters.</param>
/// <param name="Session">Conversation it belongs to, or -1.</param>
/// <param name="Prefix">Chained hashes of the prompt's full KV blocks of 16 tokens, or empty when nothing is shared. Shared by reference, never changed.</param>
public readonly record struct SimRequest(
    int Id, long AtNs, RequestType Type, int PromptTokens, int OutputTokens, int Tenant, int SloClass, int Cell, int Session, ReadOnlyMemory<ulong> Prefix);

/// <summary>What a node says of itself at one moment.</summary>
/// <param name="AtNs">When it was taken, nanoseconds of simulated time.</param>
/// <param name="Running">Requests in the batch.</param>
/// <param name="Waiting">Requests that wait.</param>
/// <param name="KvCacheUsage">Share of the KV cache in use, 0..1.</param>
public readonly record struct EngineReading(long AtNs, int Running, int Waiting, double KvCacheUsage);

/// <summary>Hears what becomes of the requests on a node. Called in order of time; must not call back into the engine.</summary>
public interface IEngineEvents
{
    /// <summary>The request left the queue for the first time.</summary>
    void Started(int request, long atNs);

    /// <summary>The first token came out.</summary>
    void FirstToken(int request, long atNs);

    /// <summary>A run of equal gaps between tokens of one request: <paramref name="count"/> gaps of <paramref name="gapNs"/> each.</summary>
    void Gaps(int request, long gapNs, int count);

    /// <summary>The last token came out; the engine holds nothing of the request any more.</summary>
    void Finished(int request, long atNs);

    /// <summary>The request lost its place and its KV blocks and waits again.</summary>
    void Preempted(int request, long atNs);

    /// <summary>The request has room for KV blocks that were computed elsewhere: they are under way, <paramref name="blocks"/> of them, and here at <paramref name="arrivesNs"/>.</summary>
    void Fetching(int request, long atNs, long arrivesNs, int blocks)
    {
        // Who has no engines of two kinds never hears of it.
    }
}

/// <summary>
/// One serving engine (a runtime on one GPU, slice or tensor-parallel group). Driven by a discrete-event loop: after each call the loop
/// schedules one event at <see cref="NextNs"/>. Deterministic; allocates nothing per event in steady state; not thread safe.
/// </summary>
public interface INodeEngine
{
    /// <summary>When <see cref="Advance"/> must next be called; <see cref="long.MaxValue"/> when idle.</summary>
    long NextNs { get; }

    /// <summary>Takes a request; false when it can never fit.</summary>
    bool Submit(in SimRequest request, long nowNs);

    /// <summary>Takes a request away, whether it waits or runs; false when it is not here.</summary>
    bool Cancel(int request, long nowNs);

    /// <summary>Does what is due at <paramref name="nowNs"/> (which is <see cref="NextNs"/>).</summary>
    void Advance(long nowNs, IEngineEvents events);

    /// <summary>What the node reports now.</summary>
    EngineReading Read(long nowNs);

    /// <summary>Drops everything at once, as a crash does; the ids of what was lost are written to <paramref name="lost"/>, those whose blocks another engine had yet to fetch included.</summary>
    void Crash(long nowNs, List<int> lost);

    /// <summary>Seconds in which the engine was computing so far.</summary>
    double BusySeconds(long nowNs);

    /// <summary>KV blocks in use by requests; 0 when empty (blocks kept only for prefix reuse do not count).</summary>
    long BlocksInUse { get; }
}

/// <summary>What a router is told of an engine, from its profile.</summary>
/// <param name="MaxConcurrency">Sequences that fit the batch and the KV cache.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens per second.</param>
/// <param name="DecodeTokensPerSecond">Generated tokens per second of a full batch.</param>
/// <param name="MinSecondsPerToken">Seconds per output token of a lone sequence.</param>
/// <param name="RequestsPerSecond">Requests per second with a full batch of mean requests: what a load is measured by.</param>
/// <param name="PricePerHour">US dollars per hour.</param>
public sealed record EngineCapability(
    double MaxConcurrency, double PrefillTokensPerSecond, double DecodeTokensPerSecond, double MinSecondsPerToken, double RequestsPerSecond, double PricePerHour);
