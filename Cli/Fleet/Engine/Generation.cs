namespace InferMesh.Cli.Fleet.Engine;

/// <summary>One request inside a node's engine: the engine produces tokens, one reader takes them.</summary>
internal sealed class Generation(long id, int modelIndex, int promptTokens, int outputTokens, bool stopsByItself, long submittedTicks)
{
    private readonly AsyncSignal _signal = new(inline: true);
    private int _produced;
    private volatile GenerationState _state = GenerationState.Active;

    public long Id { get; } = id;

    public int ModelIndex { get; } = modelIndex;

    public int PromptTokens { get; } = promptTokens;

    public int OutputTokens { get; } = outputTokens;

    /// <summary>Whether the model ends the text itself, because the client set no limit; else the limit ends it.</summary>
    public bool StopsByItself { get; } = stopsByItself;

    /// <summary>Tokens produced so far.</summary>
    public int Produced => Volatile.Read(ref _produced);

    public GenerationState State => _state;

    // Timestamps of the engine's clock; written and read by the engine alone.
    internal long SubmittedTicks { get; } = submittedTicks;

    internal long LastTokenTicks { get; set; }

    /// <summary>Waits until more than <paramref name="seen"/> tokens exist or the generation ended, and says how many exist.</summary>
    public async ValueTask<int> WaitBeyondAsync(int seen)
    {
        while (true)
        {
            // The state is read before the count: an ended generation produces nothing more.
            var ended = _state != GenerationState.Active;
            var produced = Produced;
            if (produced > seen || ended)
                return produced;
            await _signal.WaitAsync();
        }
    }

    /// <summary>Waits until all tokens exist; false when it ended before.</summary>
    public async ValueTask<bool> WaitForAllAsync()
    {
        for (var produced = 0; produced < OutputTokens;)
        {
            var now = await WaitBeyondAsync(produced);
            if (now == produced)
                return false;
            produced = now;
        }

        return true;
    }

    /// <summary>Adds a token; the reader learns of it by <see cref="Notify"/>.</summary>
    internal void Produce() => Volatile.Write(ref _produced, _produced + 1);

    internal void End(GenerationState state) => _state = state;

    /// <summary>Lets the reader go on, on this thread; call it without a lock.</summary>
    internal void Notify() => _signal.Signal();
}

internal enum GenerationState
{
    /// <summary>Waits or runs.</summary>
    Active,

    /// <summary>Every token was produced.</summary>
    Completed,

    /// <summary>The client left, or the node was told to fail or stopped.</summary>
    Cancelled,
}
