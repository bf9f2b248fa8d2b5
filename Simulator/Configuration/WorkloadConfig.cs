namespace InferMesh.Simulator.Configuration;

/// <summary>What arrives.</summary>
public sealed record WorkloadConfig
{
    /// <summary>Seconds in which requests arrive; null is the whole horizon.</summary>
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

    /// <summary>Conversations and prefixes that requests share; null when every prompt is its own.</summary>
    public SessionsConfig? Sessions { get; init; }
}

/// <summary>Kinds of arrival processes.</summary>
public enum ArrivalType
{
    /// <summary>Exponential gaps.</summary>
    Poisson,

    /// <summary>Markov-modulated Poisson: states with a rate and a mean dwell time each.</summary>
    Mmpp,

    /// <summary>Gamma gaps of a given coefficient of variation.</summary>
    Gamma,

    /// <summary>Weibull gaps of a given coefficient of variation.</summary>
    Weibull,

    /// <summary>Equal gaps.</summary>
    Constant,

    /// <summary>Many clients with a renewal process each (ServeGen).</summary>
    Clients,

    /// <summary>A fixed number of users who wait for the answer, think, and ask again.</summary>
    ClosedLoop,

    /// <summary>A recorded trace.</summary>
    Trace,
}

/// <summary>Laws of the time that a state of an mmpp lasts.</summary>
public enum DwellKind
{
    /// <summary>Exponential with the given mean: a true mmpp.</summary>
    Exponential,

    /// <summary>Exactly the given time, starting with the first state: as in the original.</summary>
    Fixed,
}

/// <summary>When requests arrive.</summary>
public sealed record ArrivalConfig
{
    /// <summary>Kind of process.</summary>
    public ArrivalType Type { get; init; } = ArrivalType.Poisson;

    /// <summary>Requests per second; ignored by mmpp, closed_loop and trace.</summary>
    public double Rps { get; init; } = 100;

    /// <summary>Offered load as a share of what the fleet can serve; replaces <see cref="Rps"/> (and scales a trace) when given.</summary>
    public double? Rho { get; init; }

    /// <summary>Coefficient of variation of the gaps (gamma, weibull), more than 0.</summary>
    public double Cv { get; init; } = 1;

    /// <summary>Number of states (mmpp); must equal the number of rates.</summary>
    public int? States { get; init; }

    /// <summary>Requests per second in each state (mmpp).</summary>
    public IReadOnlyList<double> RatesRps { get; init; } = [];

    /// <summary>Mean seconds in each state (mmpp).</summary>
    public IReadOnlyList<double> DwellS { get; init; } = [];

    /// <summary>Law of the dwell times (mmpp).</summary>
    public DwellKind Dwell { get; init; } = DwellKind.Exponential;

    /// <summary>Users (closed_loop), 1 or more.</summary>
    public int Users { get; init; } = 32;

    /// <summary>Mean seconds between an answer and the next question (closed_loop), 0 or more.</summary>
    public double ThinkTimeS { get; init; } = 1;

    /// <summary>File of the trace or of the clients (trace, clients); <c>.gz</c> is unpacked.</summary>
    public string? File { get; init; }

    /// <summary>Format of the trace: azure, mooncake, burstgpt or csv.</summary>
    public string? Format { get; init; }

    /// <summary>Speed-up of a trace, more than 0.</summary>
    public double Speed { get; init; } = 1;
}

/// <summary>Shares of request types.</summary>
/// <param name="Llm">Language-model requests.</param>
/// <param name="Vision">Vision requests.</param>
/// <param name="Asr">Speech requests.</param>
public sealed record MixConfig(double Llm = 1, double Vision = 0, double Asr = 0);

/// <summary>Kinds of distributions.</summary>
public enum DistKind
{
    /// <summary>Always the same.</summary>
    Constant,

    /// <summary>Log-normal with mu and sigma of the logarithm.</summary>
    Lognormal,

    /// <summary>Poisson with mean lambda.</summary>
    Poisson,

    /// <summary>Exponential with rate lambda.</summary>
    Exponential,

    /// <summary>Uniform from min to max.</summary>
    Uniform,

    /// <summary>Normal, cut at zero.</summary>
    Normal,

    /// <summary>Values with a probability each.</summary>
    Discrete,
}

/// <summary>A distribution; which members count depends on the kind.</summary>
public sealed record DistConfig
{
    /// <summary>Kind.</summary>
    public DistKind Dist { get; init; } = DistKind.Constant;

    /// <summary>Value of a constant.</summary>
    public double Value { get; init; }

    /// <summary>Mean of the logarithm.</summary>
    public double Mu { get; init; }

    /// <summary>Standard deviation of the logarithm, 0 or more.</summary>
    public double Sigma { get; init; }

    /// <summary>Mean of a Poisson, rate of an exponential, more than 0.</summary>
    public double Lambda { get; init; }

    /// <summary>Least value of a uniform.</summary>
    public double Min { get; init; }

    /// <summary>Greatest value of a uniform.</summary>
    public double Max { get; init; }

    /// <summary>Mean of a normal.</summary>
    public double Mean { get; init; }

    /// <summary>Standard deviation of a normal, 0 or more.</summary>
    public double Std { get; init; }

    /// <summary>Value and probability of each case of a discrete one.</summary>
    public IReadOnlyList<(double Value, double Probability)> Cases { get; init; } = [];
}

/// <summary>Language-model requests.</summary>
public sealed record LlmConfig
{
    /// <summary>Prompt tokens.</summary>
    public DistConfig InTokens { get; init; } = new() { Dist = DistKind.Lognormal, Mu = 3.8, Sigma = 0.6 };

    /// <summary>Output tokens; the router is not told.</summary>
    public DistConfig OutTokens { get; init; } = new() { Dist = DistKind.Lognormal, Mu = 4.6, Sigma = 0.7 };

    /// <summary>Longest prompt and longest output in tokens.</summary>
    public int MaxTokens { get; init; } = 131_072;
}

/// <summary>Vision requests.</summary>
public sealed record VisionConfig
{
    /// <summary>Pixels of an image.</summary>
    public DistConfig ImageSize { get; init; } = new() { Dist = DistKind.Uniform, Min = 224 * 224, Max = 1024 * 1024 };

    /// <summary>Factor of the work per pixel.</summary>
    public DistConfig ProcessingComplexity { get; init; } = new() { Dist = DistKind.Constant, Value = 1 };
}

/// <summary>Speech requests.</summary>
public sealed record AsrConfig
{
    /// <summary>Seconds of speech.</summary>
    public DistConfig AudioDurationS { get; init; } = new() { Dist = DistKind.Uniform, Min = 1, Max = 30 };

    /// <summary>Samples per second.</summary>
    public int SampleRate { get; init; } = 16_000;
}

/// <summary>Who asks.</summary>
public sealed record TenantsConfig
{
    /// <summary>Number of tenants, 1 or more.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Exponent of the Zipf law of their shares; 0 is uniform.</summary>
    public double ZipfS { get; init; }
}

/// <summary>Conversations and prefixes that requests share.</summary>
public sealed record SessionsConfig
{
    /// <summary>Groups with a system prompt each.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Users of each group.</summary>
    public int UsersPerGroup { get; init; } = 1;

    /// <summary>Tokens of the system prompt that a group shares.</summary>
    public int SystemTokens { get; init; }

    /// <summary>Mean turns of a conversation, 1 or more; each turn carries the whole conversation before it.</summary>
    public double MeanTurns { get; init; } = 1;

    /// <summary>Mean seconds between an answer and the next turn.</summary>
    public double ThinkTimeS { get; init; } = 10;
}
