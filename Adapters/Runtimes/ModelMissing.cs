namespace InferMesh.Adapters.Runtimes;

/// <summary>Sees to it that every null of a model reading has a reason.</summary>
internal static class ModelMissing
{
    private static readonly (string Name, Func<ModelReading, object?> Value, string Reason)[] Fields =
    [
        (nameof(ModelReading.Revision), m => m.Revision, "the runtime does not tell the revision of its weights"),
        (nameof(ModelReading.BaseModel), m => m.BaseModel, "not an adapter"),
        (nameof(ModelReading.Running), m => m.Running, ""), (nameof(ModelReading.Waiting), m => m.Waiting, ""),
        (nameof(ModelReading.Swapped), m => m.Swapped, ""), (nameof(ModelReading.KvCacheUsage), m => m.KvCacheUsage, ""),
        (nameof(ModelReading.PromptTokensPerSecond), m => m.PromptTokensPerSecond, ""),
        (nameof(ModelReading.GenerationTokensPerSecond), m => m.GenerationTokensPerSecond, ""),
        (nameof(ModelReading.PreemptionsPerSecond), m => m.PreemptionsPerSecond, ""),
        (nameof(ModelReading.Ttft), m => m.Ttft, ""), (nameof(ModelReading.Tpot), m => m.Tpot, ""),
        (nameof(ModelReading.E2E), m => m.E2E, ""), (nameof(ModelReading.QueueTime), m => m.QueueTime, ""),
        (nameof(ModelReading.PrefixCacheHitRate), m => m.PrefixCacheHitRate, ""),
        (nameof(ModelReading.RunningLoraAdapters), m => m.RunningLoraAdapters, "no LoRA series: LoRA is off or has not been used"),
        (nameof(ModelReading.WaitingLoraAdapters), m => m.WaitingLoraAdapters, "no LoRA series: LoRA is off or has not been used"),
        (nameof(ModelReading.MaxLora), m => m.MaxLora, "no LoRA series: LoRA is off or has not been used"),
        (nameof(ModelReading.MaxModelLen), m => m.MaxModelLen, "not in the runtime's model list"),
        (nameof(ModelReading.MaxInputTokens), m => m.MaxInputTokens, "the runtime does not tell"),
        (nameof(ModelReading.SupportsLora), m => m.SupportsLora, "the runtime does not tell"),
        (nameof(ModelReading.Tokenizer), m => m.Tokenizer, "the runtime does not tell"),
        (nameof(ModelReading.Quantization), m => m.Quantization, "the runtime does not tell"),
        (nameof(ModelReading.Window), m => m.Window, ""),
    ];

    /// <summary>The reasons that were noted, and the standing reason of every other null.</summary>
    /// <param name="reading">The reading as it will be handed out.</param>
    /// <param name="noted">Reasons noted while reading.</param>
    /// <param name="otherwise">Reason of a null without a noted or standing one.</param>
    public static IReadOnlyDictionary<string, string> Complete(ModelReading reading, MissingFields noted, string otherwise = "not reported")
    {
        foreach (var (name, value, reason) in Fields)
        {
            if (value(reading) is null)
                noted.Add(name, reason.Length > 0 ? reason : otherwise);
        }
        return noted.ToReadOnly();
    }
}
