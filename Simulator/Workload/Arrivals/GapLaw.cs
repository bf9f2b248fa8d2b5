using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>A law of gaps with mean 1.</summary>
internal readonly record struct GapLaw
{
    private readonly bool _weibull;
    private readonly double _shape, _scale;

    private GapLaw(bool weibull, double shape)
    {
        (_weibull, _shape) = (weibull, shape);
        _scale = weibull ? 1 / Math.Exp(GammaFunction.Log(1 + 1 / shape)) : 1 / shape;
    }

    /// <summary>Gamma with the given coefficient of variation.</summary>
    public static GapLaw Gamma(double cv) => new(false, 1 / (cv * cv));

    /// <summary>Gamma with the given shape.</summary>
    public static GapLaw GammaOfShape(double shape) => new(false, shape);

    /// <summary>Weibull with the given coefficient of variation: cv^2 + 1 = G(1 + 2/k) / G(1 + 1/k)^2, solved for the shape k by bisection.</summary>
    public static GapLaw Weibull(double cv)
    {
        double low = Math.Log(0.05), high = Math.Log(200);
        for (var i = 0; i < 80; i++)
        {
            var middle = (low + high) / 2;
            var k = Math.Exp(middle);
            var square = Math.Exp(GammaFunction.Log(1 + 2 / k) - 2 * GammaFunction.Log(1 + 1 / k)) - 1;
            (low, high) = square > cv * cv ? (middle, high) : (low, middle);
        }

        return new(true, Math.Exp(low));
    }

    /// <summary>Weibull with the given shape.</summary>
    public static GapLaw WeibullOfShape(double shape) => new(true, shape);

    public double Draw(RandomStream random) => _scale * (_weibull ? Math.Pow(-Math.Log(random.NextUnit()), 1 / _shape) : random.NextGamma(_shape));

    /// <summary>What is left of a gap seen from a random moment: a uniform share of a gap met in proportion to its length.</summary>
    public double DrawRemainder(RandomStream random)
    {
        var met = _weibull ? Math.Pow(random.NextGamma(1 + 1 / _shape), 1 / _shape) : random.NextGamma(_shape + 1);
        return _scale * met * random.NextUnit();
    }
}
