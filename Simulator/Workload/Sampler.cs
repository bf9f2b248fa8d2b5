using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload;

/// <summary>A configured distribution, ready to draw from.</summary>
internal sealed class Sampler(DistConfig config)
{
    private readonly Shares? _cases = config.Dist == DistKind.Discrete ? new([.. config.Cases.Select(c => c.Probability)]) : null;

    public double Draw(RandomStream random) => config.Dist switch
    {
        DistKind.Lognormal => Math.Exp(config.Mu + config.Sigma * Ziggurat.Next(random)),
        DistKind.Poisson => random.NextPoisson(config.Lambda),
        DistKind.Exponential => random.NextExponential(1 / config.Lambda),
        DistKind.Uniform => config.Min + (config.Max - config.Min) * random.NextUnit(),
        DistKind.Normal => Math.Max(0, config.Mean + config.Std * Ziggurat.Next(random)),
        DistKind.Discrete => config.Cases[_cases!.Pick(random)].Value,
        _ => config.Value,
    };

    /// <summary>A whole number of tokens, 1 to <paramref name="most"/>.</summary>
    public int DrawTokens(RandomStream random, int most) => Tokens(Draw(random), most);

    public static int Tokens(double value, int most) => (int)Math.Clamp(Math.Round(value), 1, most);
}
