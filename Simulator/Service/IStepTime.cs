namespace InferMesh.Simulator.Service;

/// <summary>What one step of the batch computes.</summary>
public struct StepLoad
{
    /// <summary>Prompt tokens of all chunks.</summary>
    public int PrefillTokens { get; set; }

    /// <summary>Chunks.</summary>
    public int Prefills { get; set; }

    /// <summary>Sum over the chunks of tokens times the tokens already in the cache before them.</summary>
    public long PrefillHistory { get; set; }

    /// <summary>Sum over the chunks of the squared tokens.</summary>
    public long PrefillSquares { get; set; }

    /// <summary>Sequences that decode one token.</summary>
    public int Decodes { get; set; }

    /// <summary>Tokens that the decoding sequences attend to, together.</summary>
    public long DecodeContext { get; set; }

    /// <summary>Tokens through the dense layers.</summary>
    public readonly int Tokens => PrefillTokens + Decodes;

    /// <summary>Sequences in the step.</summary>
    public readonly int Sequences => Prefills + Decodes;
}

/// <summary>How long a step takes, from what it computes. Pure and safe for many threads; one instance serves all nodes of a kind.</summary>
public interface IStepTime
{
    /// <summary>Picoseconds of a step, more than 0.</summary>
    long Picoseconds(in StepLoad load);

    /// <summary>
    /// Picoseconds that one more token of context adds to a decode-only step of that many sequences, exactly, whatever the context; -1 when
    /// the time is not linear in it. What is linear can be summed over many steps in closed form.
    /// </summary>
    long ContextSlopePicoseconds(int decodes);
}
