namespace InferMesh.Simulator.Service;

/// <summary>One request inside an engine. Pooled: nothing outlives the request.</summary>
internal sealed class Sequence
{
    public SimRequest Request;

    /// <summary>Tokens whose keys and values are in the cache once the step in flight is done.</summary>
    public int Computed;

    /// <summary>Tokens that came out.</summary>
    public int Generated;

    /// <summary>KV blocks held, those shared with others included.</summary>
    public int Blocks;

    /// <summary>Leading prompt blocks that are shared through the prefix cache.</summary>
    public int Shared;

    /// <summary>When the last token came out, nanoseconds.</summary>
    public long LastTokenNs;

    /// <summary>When the CPU has tokenized it and it may be admitted, nanoseconds.</summary>
    public long ReadyNs;

    /// <summary>Whether the step in flight brings a token of it.</summary>
    public bool Emits;

    public bool Running, Started, Cancelled;

    /// <summary>Whether its blocks stay when it is done: another engine goes on with them.</summary>
    public bool Holds;

    /// <summary>Whether the blocks of its prompt come from another engine and are not here yet.</summary>
    public bool Fetches;

    /// <summary>When they are here, once they are under way, nanoseconds.</summary>
    public long ArrivesNs;

    /// <summary>How they come.</summary>
    public KvLink Link;

    /// <summary>Tokens that must be in the cache before the next token can be generated: the prompt and all but the newest output token.</summary>
    public int Needed => Request.PromptTokens + Generated;

    /// <summary>Whether the next step of it generates from one new token.</summary>
    public bool Decodes => Generated > 0 && Computed == Needed - 1;

    public void Reset(in SimRequest request, long readyNs)
    {
        Request = request;
        (Computed, Generated, Blocks, Shared) = (0, 0, 0, 0);
        (LastTokenNs, ReadyNs) = (0, readyNs);
        (Emits, Running, Started, Cancelled) = (false, false, false, false);
        (Holds, Fetches, ArrivesNs) = (false, false, 0);
    }
}
