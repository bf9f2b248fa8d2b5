using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration;

/// <summary>What arrives.</summary>
public sealed record WorkloadConfig
{
    /// <summary>Seconds in which requests arrive; left out, the whole horizon.</summary>
    [In("(0, 1e9]")]
    public double? DurationS { get; init; }

    /// <summary>When requests arrive.</summary>
    public ArrivalConfig Arrival { get; init; } = new();

    /// <summary>Shares of request types; they sum to 1.</summary>
    public MixConfig Mix { get; init; } = new();

    /// <summary>Language-model requests.</summary>
    public LlmConfig Llm { get; init; } = new();

    /// <summary>Vision requests.</summary>
    public VisionConfig Vision { get; init; } = new();

    /// <summary>Speech requests.</summary>
    public AsrConfig Asr { get; init; } = new();

    /// <summary>Who asks.</summary>
    public TenantsConfig Tenants { get; init; } = new();

    /// <summary>Conversations and prefixes that requests share; left out, every prompt is its own.</summary>
    public SessionsConfig? Sessions { get; init; }
}

/// <summary>Shares of request types; a type that is left out gets none, unless all are: then all requests are llm.</summary>
/// <param name="Llm">Language-model requests.</param>
/// <param name="Vision">Vision requests.</param>
/// <param name="Asr">Speech requests.</param>
public sealed record MixConfig([property: In("[0, 1]")] double Llm = 1, [property: In("[0, 1]")] double Vision = 0, [property: In("[0, 1]")] double Asr = 0);

/// <summary>Language-model requests.</summary>
public sealed record LlmConfig
{
    /// <summary>Prompt tokens; of conversations those of a question.</summary>
    public DistConfig InTokens { get; init; } = new() { Dist = DistKind.Lognormal, Mu = 3.8, Sigma = 0.6 };

    /// <summary>Output tokens; the router is not told.</summary>
    public DistConfig OutTokens { get; init; } = new() { Dist = DistKind.Lognormal, Mu = 4.6, Sigma = 0.7 };

    /// <summary>Longest prompt and longest output in tokens; a conversation ends before its prompt would be longer.</summary>
    [In("[1, 1e7]")]
    public int MaxTokens { get; init; } = 131_072;
}

/// <summary>Vision requests: one prompt token per 1,000 pixels, times the complexity, and a quarter as many output tokens.</summary>
public sealed record VisionConfig
{
    /// <summary>Pixels of an image.</summary>
    [Alias("min_pixels", "min")]
    [Alias("max_pixels", "max")]
    [Alias("sizes", "cases")]
    public DistConfig ImageSize { get; init; } = new() { Dist = DistKind.Uniform, Min = 224 * 224, Max = 1024 * 1024 };

    /// <summary>Factor of the work per pixel.</summary>
    public DistConfig ProcessingComplexity { get; init; } = new() { Dist = DistKind.Constant, Value = 1 };
}

/// <summary>Speech requests: one prompt token per 160 samples (100 a second at 16 kHz), and 4 output tokens per second of speech.</summary>
public sealed record AsrConfig
{
    /// <summary>Seconds of speech.</summary>
    [Alias("min_s", "min")]
    [Alias("max_s", "max")]
    public DistConfig AudioDurationS { get; init; } = new() { Dist = DistKind.Uniform, Min = 1, Max = 30 };

    /// <summary>Samples per second.</summary>
    [In("[1000, 384000]")]
    public int SampleRate { get; init; } = 16_000;
}

/// <summary>Who asks.</summary>
public sealed record TenantsConfig
{
    /// <summary>Number of tenants.</summary>
    [In("[1, 1e7]")]
    public int Count { get; init; } = 1;

    /// <summary>How unequal they are.</summary>
    public SkewConfig Skew { get; init; } = new();

    /// <summary>Exponent of the Zipf law of their shares; 0 is uniform.</summary>
    [NotAKey]
    public double ZipfS
    {
        get => Skew.Type == SkewKind.Zipf ? Skew.S : 0;
        init => Skew = value == 0 ? new() : new() { Type = SkewKind.Zipf, S = value };
    }
}

/// <summary>Laws of the shares of tenants.</summary>
public enum SkewKind
{
    /// <summary>All alike.</summary>
    [Keys]
    Uniform,

    /// <summary>The n-th has a weight of 1 / n^s.</summary>
    [Keys("s")]
    Zipf,
}

/// <summary>How unequal tenants are.</summary>
[Kind("type")]
public sealed record SkewConfig
{
    /// <summary>Law.</summary>
    public SkewKind Type { get; init; } = SkewKind.Uniform;

    /// <summary>Exponent (zipf).</summary>
    [In("[0, 10]")]
    public double S { get; init; } = 1;
}

/// <summary>Conversations and prefixes that requests share. All of them are language-model requests.</summary>
public sealed record SessionsConfig
{
    /// <summary>Groups with a system prompt each; a group belongs to one tenant.</summary>
    [In("[1, 1e6]")]
    public int Groups { get; init; } = 1;

    /// <summary>Users of each group.</summary>
    [In("[1, 1e6]")]
    public int UsersPerGroup { get; init; } = 1;

    /// <summary>Tokens of the system prompt that a group shares.</summary>
    [In("[0, 1e7]")]
    public int SystemTokens { get; init; }

    /// <summary>Mean turns of a conversation (geometric); each turn carries the whole conversation before it.</summary>
    [In("[1, 1000]")]
    public double MeanTurns { get; init; } = 1;

    /// <summary>Mean seconds between an answer and the next turn (exponential); a closed loop has its own.</summary>
    [In("[0, 1e9]")]
    public double ThinkTimeS { get; init; } = 10;

    /// <summary>Different first questions that a user asks, in turn, so that they recur with the same text and length; 0 makes every one new.</summary>
    [In("[0, 1e6]")]
    public int QuestionsPerUser { get; init; }
}
