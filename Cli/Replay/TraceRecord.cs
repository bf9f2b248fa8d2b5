namespace InferMesh.Cli.Replay;

/// <summary>One request of a trace.</summary>
/// <param name="Offset">Time since the first record.</param>
/// <param name="PromptTokens">Tokens of the prompt, at least 1.</param>
/// <param name="OutputTokens">Tokens to generate, at least 1.</param>
/// <param name="PrefixBlocks">Ids of the prompt's 512-token blocks, equal ids being equal text; null when the trace has none.</param>
internal readonly record struct TraceRecord(TimeSpan Offset, int PromptTokens, int OutputTokens, int[]? PrefixBlocks = null);

internal enum TraceFormat
{
    /// <summary>CSV with TIMESTAMP, ContextTokens, GeneratedTokens (AzurePublicDataset, 2023).</summary>
    Azure,

    /// <summary>JSON lines with timestamp (ms), input_length, output_length, hash_ids (Mooncake, FAST'25).</summary>
    Mooncake,

    /// <summary>CSV with a time, a prompt and an output column; see <see cref="CsvTraceReader"/>.</summary>
    Csv,
}
