namespace InferMesh.Simulator.Workload.Traces;

/// <summary>One request of a trace.</summary>
/// <param name="Offset">Time since the first record.</param>
/// <param name="PromptTokens">Tokens of the prompt, at least 1.</param>
/// <param name="OutputTokens">Tokens to generate, at least 1.</param>
/// <param name="PrefixBlocks">Ids of the prompt's 512-token blocks, equal ids being equal text; null when the trace has none.</param>
public readonly record struct TraceRecord(TimeSpan Offset, int PromptTokens, int OutputTokens, IReadOnlyList<int>? PrefixBlocks = null);

/// <summary>Formats of traces.</summary>
public enum TraceFormat
{
    /// <summary>CSV with TIMESTAMP, ContextTokens, GeneratedTokens (AzurePublicDataset, 2023).</summary>
    Azure,

    /// <summary>JSON lines with timestamp (ms), input_length, output_length, hash_ids (Mooncake, FAST'25).</summary>
    Mooncake,

    /// <summary>CSV with Timestamp (s), Request tokens, Response tokens (BurstGPT); requests without an answer had failed and are left out.</summary>
    BurstGpt,

    /// <summary>CSV with a time, a prompt and an output column, in any order: see <c>docs/simulator-config.md</c>.</summary>
    Csv,
}
