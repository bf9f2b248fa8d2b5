using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration;

/// <summary>Kinds of arrival processes.</summary>
public enum ArrivalType
{
    /// <summary>Exponential gaps.</summary>
    [Keys("rps", "rho")]
    Poisson,

    /// <summary>Markov-modulated Poisson: states, entered in turn, with a rate and a dwell time each.</summary>
    [Keys("rates_rps!", "dwell_s!", "states", "dwell", "rho")]
    Mmpp,

    /// <summary>Gamma gaps of a given coefficient of variation.</summary>
    [Keys("rps", "rho", "cv")]
    Gamma,

    /// <summary>Weibull gaps of a given coefficient of variation.</summary>
    [Keys("rps", "rho", "cv")]
    Weibull,

    /// <summary>Equal gaps.</summary>
    [Keys("rps", "rho")]
    Constant,

    /// <summary>Many clients with a renewal process each, whose rates change over the day (ServeGen).</summary>
    [Keys("file!", "start_s", "rps", "rho")]
    Clients,

    /// <summary>A fixed number of users who wait for the answer, think, and ask again.</summary>
    [Keys("users", "think_time_s")]
    ClosedLoop,

    /// <summary>A recorded trace.</summary>
    [Keys("file!", "format!", "speed", "start_s", "rho")]
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
[Kind("type")]
public sealed record ArrivalConfig
{
    /// <summary>Kind of process; it decides which of the other keys may be given.</summary>
    public ArrivalType Type { get; init; } = ArrivalType.Poisson;

    /// <summary>Requests per second, the later turns of conversations included (poisson, gamma, weibull, constant, clients).</summary>
    [In("(0, 1e9]")]
    public double Rps { get; init; } = 100;

    /// <summary>Offered load as a share of what the fleet can serve; replaces the rate, and scales an mmpp or a trace (all but closed_loop).</summary>
    [In("(0, 100]")]
    public double? Rho { get; init; }

    /// <summary>Coefficient of variation of the gaps (gamma, weibull).</summary>
    [In("[0.05, 30]")]
    public double Cv { get; init; } = 1;

    /// <summary>Number of states (mmpp); must equal the number of rates.</summary>
    [In("[1, 1000]")]
    public int? States { get; init; }

    /// <summary>Requests per second in each state (mmpp); not all 0.</summary>
    [In("[0, 1e9]")]
    public IReadOnlyList<double> RatesRps { get; init; } = [];

    /// <summary>Mean seconds in each state (mmpp), as many as there are rates.</summary>
    [In("[0.001, 1e9]")]
    public IReadOnlyList<double> DwellS { get; init; } = [];

    /// <summary>Law of the dwell times (mmpp): exponential, or fixed as in the original.</summary>
    public DwellKind Dwell { get; init; } = DwellKind.Exponential;

    /// <summary>Users (closed_loop).</summary>
    [In("[1, 1e7]")]
    public int Users { get; init; } = 32;

    /// <summary>Mean seconds between an answer and the next question (closed_loop), exponential.</summary>
    [In("[0, 1e9]")]
    public double ThinkTimeS { get; init; } = 1;

    /// <summary>File of the trace or of the clients (trace, clients); <c>.gz</c> is unpacked. Relative to the configuration; a leading <c>${NAME}</c> is an environment variable.</summary>
    public string? File { get; init; }

    /// <summary>Format of the trace: azure, mooncake, burstgpt or csv.</summary>
    public string? Format { get; init; }

    /// <summary>Speed-up of a trace.</summary>
    [In("(0, 1e6]")]
    public double Speed { get; init; } = 1;

    /// <summary>Seconds into the trace, or into the clients' recorded days, at which the run begins (trace, clients).</summary>
    [In("[0, 1e9]")]
    public double StartS { get; init; }
}
