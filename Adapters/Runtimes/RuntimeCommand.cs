namespace InferMesh.Adapters.Runtimes;

/// <summary>What can be done to the models of a runtime; no runtime has all of it.</summary>
public enum RuntimeOperation
{
    /// <summary>Makes a model ready to serve.</summary>
    LoadModel,

    /// <summary>Takes a model away and frees its memory.</summary>
    UnloadModel,

    /// <summary>Adds a LoRA adapter to the served base model.</summary>
    LoadAdapter,

    /// <summary>Takes a LoRA adapter away.</summary>
    UnloadAdapter,

    /// <summary>Frees GPU memory and keeps the process, so that waking is faster than a start.</summary>
    Sleep,

    /// <summary>Ends the sleep: the runtime is warm again.</summary>
    Wake,

    /// <summary>Sets the number of workers of a model.</summary>
    ScaleWorkers,

    /// <summary>Reads the model configuration anew.</summary>
    ReloadConfig,
}

/// <summary>One thing to do to a runtime.</summary>
public sealed record RuntimeCommand
{
    /// <summary>What to do.</summary>
    public required RuntimeOperation Operation { get; init; }

    /// <summary>Name of the model or adapter; "" where the operation is about the whole runtime.</summary>
    public string Model { get; init; } = "";

    /// <summary>Where the runtime finds the weights: a path, an archive or a repository name of its own world; null where it knows by the model's name.</summary>
    public string? Source { get; init; }

    /// <summary>Workers, for <see cref="RuntimeOperation.ScaleWorkers"/> and, where the runtime has workers, for loading. Default 1; from 0.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Depth of <see cref="RuntimeOperation.Sleep"/>, and for <see cref="RuntimeOperation.Wake"/> the depth to come from: 1 (default) moves the weights to host memory, 2 drops them.</summary>
    public int SleepLevel { get; init; } = 1;

    /// <summary>What the command lacks, or null.</summary>
    internal string? Fault => Operation switch
    {
        RuntimeOperation.Sleep or RuntimeOperation.Wake => SleepLevel is 1 or 2 ? null : $"the sleep level is {SleepLevel}; it must be 1 or 2",
        RuntimeOperation.ReloadConfig => null,
        _ when string.IsNullOrEmpty(Model) => $"{Operation} needs the name of a model",
        RuntimeOperation.LoadAdapter when string.IsNullOrEmpty(Source) => $"{Operation} needs the source of the adapter",
        _ when Workers < 0 => $"the number of workers is {Workers}; it must not be negative",
        _ => null,
    };
}
