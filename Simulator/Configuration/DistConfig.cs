using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration;

/// <summary>Kinds of distributions.</summary>
public enum DistKind
{
    /// <summary>Always the same.</summary>
    [Keys("value!")]
    Constant,

    /// <summary>Log-normal with mu and sigma of the logarithm.</summary>
    [Keys("mu!", "sigma!")]
    Lognormal,

    /// <summary>Poisson with mean lambda.</summary>
    [Keys("lambda!")]
    Poisson,

    /// <summary>Exponential with rate lambda.</summary>
    [Keys("lambda!")]
    Exponential,

    /// <summary>Uniform from min to max.</summary>
    [Keys("min!", "max!")]
    Uniform,

    /// <summary>Normal, cut at zero.</summary>
    [Keys("mean!", "std!")]
    Normal,

    /// <summary>Values with a probability each.</summary>
    [Keys("cases!")]
    Discrete,
}

/// <summary>A distribution; which keys go with it depends on the kind. A bare number is a constant.</summary>
[Kind("dist")]
[ShortForm("value")]
public sealed record DistConfig
{
    /// <summary>Kind; it decides which of the other keys must be given.</summary>
    public DistKind Dist { get; init; } = DistKind.Constant;

    /// <summary>Value (constant).</summary>
    [In("[0, 1e12]")]
    public double Value { get; init; }

    /// <summary>Mean of the logarithm (lognormal).</summary>
    [In("[-50, 50]")]
    public double Mu { get; init; }

    /// <summary>Standard deviation of the logarithm (lognormal).</summary>
    [In("[0, 20]")]
    public double Sigma { get; init; }

    /// <summary>Mean (poisson) or rate (exponential).</summary>
    [In("[0, 1e9]")]
    public double Lambda { get; init; }

    /// <summary>Least value (uniform).</summary>
    [In("[0, 1e12]")]
    public double Min { get; init; }

    /// <summary>Greatest value (uniform), not below the least.</summary>
    [In("[0, 1e12]")]
    public double Max { get; init; }

    /// <summary>Mean (normal).</summary>
    [In("[0, 1e12]")]
    public double Mean { get; init; }

    /// <summary>Standard deviation (normal).</summary>
    [In("[0, 1e12]")]
    public double Std { get; init; }

    /// <summary>Value and probability of each case (discrete); the probabilities sum to 1.</summary>
    public IReadOnlyList<(double Value, double Probability)> Cases { get; init; } = [];
}
