namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>One model of a runtime's list. Null is unknown.</summary>
internal sealed record ModelEntry(string Id)
{
    /// <summary>Base model of a LoRA adapter; null for a model of its own.</summary>
    public string? Parent { get; init; }

    public string? Revision { get; init; }

    public bool Loaded { get; init; } = true;

    /// <summary>True while the runtime says that it is loading the model.</summary>
    public bool Loading { get; init; }

    /// <summary>Longest context in tokens.</summary>
    public int? MaxModelLen { get; init; }

    /// <summary>Longest prompt in tokens.</summary>
    public int? MaxInputTokens { get; init; }

    public string? Tokenizer { get; init; }

    public string? Quantization { get; init; }

    public bool? SupportsLora { get; init; }

    public int? MaxLora { get; init; }

    /// <summary>Running requests, where a document tells them.</summary>
    public int? Running { get; init; }

    /// <summary>Waiting requests, where a document tells them.</summary>
    public int? Waiting { get; init; }
}

/// <summary>What a runtime's documents say about it.</summary>
internal sealed record RuntimeInventory
{
    /// <summary>Its models; null when they are not known.</summary>
    public IReadOnlyList<ModelEntry>? Models { get; init; }

    public string? Version { get; init; }
}
