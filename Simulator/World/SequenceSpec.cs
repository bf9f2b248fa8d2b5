namespace InferMesh.Simulator.World;

/// <summary>One request as the batch sees it.</summary>
/// <param name="Id">Unique among the sequences that wait or run.</param>
/// <param name="PromptTokens">Tokens to prefill, at least 1.</param>
/// <param name="OutputTokens">Tokens to generate, at least 1; the sequence ends exactly there.</param>
public readonly record struct SequenceSpec(long Id, int PromptTokens, int OutputTokens);

/// <summary>What became of a submitted sequence.</summary>
public enum SubmitResult
{
    /// <summary>It waits for admission.</summary>
    Accepted,

    /// <summary>Prompt and output together exceed the whole KV cache: it could never run.</summary>
    TooLarge,

    /// <summary>A sequence of that id already waits or runs.</summary>
    DuplicateId,
}
