using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>
/// Step time from a few coefficients: reading the weights against matrix products (a smooth roofline), attention by what it reads and
/// computes, the output matrix by sequences, all-reduce by tokens, and fixed parts.
/// </summary>
/// <remarks>
/// Linear in the context of decoding sequences, in whole picoseconds, so that many steps sum in closed form. Only operations that
/// IEEE 754 rounds correctly are used: the same everywhere.
/// </remarks>
public sealed class RooflineStepTime : IStepTime
{
    private const double Pico = 1e12;
    private const double PicoOfMicro = 1e6;

    private readonly double _weightsPs, _computePs, _headWeightsPs, _headComputePs;
    private readonly double _elementwisePs, _reducePs, _fixedPs, _sequencePs, _historyPs;
    private readonly long _contextPs;

    /// <summary>Derives the coefficients.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="model">The model.</param>
    /// <param name="tensorParallel">GPUs that share every layer, 1 or more.</param>
    /// <param name="fraction">Share of each GPU, more than 0 to 1: a MIG slice has that share of compute and bandwidth.</param>
    public RooflineStepTime(GpuPhysics gpu, ModelShape model, int tensorParallel, double fraction)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(model);
        var bandwidth = gpu.Bandwidth * tensorParallel * fraction;
        var flops = gpu.Flops * tensorParallel * fraction;
        var bytes = (double)ModelShape.NumberBytes;
        _weightsPs = Pico * model.Layers * model.LayerWeights * bytes / (bandwidth * gpu.WeightEfficiency);
        _computePs = Pico * model.Layers * model.LayerWeights * 2 / (flops * gpu.ComputeEfficiency);
        _headWeightsPs = Pico * model.HeadWeights * bytes / (bandwidth * gpu.WeightEfficiency);
        _headComputePs = Pico * model.HeadWeights * 2 / (flops * gpu.ComputeEfficiency);
        _elementwisePs = Pico * model.Layers * model.Hidden * gpu.ElementwiseWidths / (gpu.Bandwidth * fraction);
        _historyPs = Pico * model.Layers * 4 * model.Heads * model.HeadSize / (flops * gpu.AttentionEfficiency);
        _sequencePs = PicoOfMicro * gpu.SequenceMicroseconds;
        _contextPs = (long)Math.Ceiling(Pico * model.KvBytesPerToken / (bandwidth * gpu.KvEfficiency));
        _fixedPs = PicoOfMicro * (gpu.StepMicroseconds + model.Layers * gpu.LayerMicroseconds);
        if (tensorParallel > 1)
        {
            // A ring moves 2 (n - 1) / n of the message over each link, twice a layer.
            _reducePs = Pico * 2 * model.Layers * model.Hidden * bytes * 2 * (tensorParallel - 1) / tensorParallel / gpu.LinkBytesPerSecond;
            _fixedPs += PicoOfMicro * 2 * model.Layers * gpu.LinkMicroseconds;
        }
    }

    /// <inheritdoc/>
    public long Picoseconds(in StepLoad load)
    {
        var ps = _fixedPs
            + Roofline(_weightsPs, _computePs * load.Tokens)
            + Roofline(_headWeightsPs, _headComputePs * load.Sequences)
            + (_elementwisePs + _reducePs) * load.Tokens
            + _historyPs * (load.PrefillHistory + load.PrefillSquares / 2.0)
            + _sequencePs * load.Sequences;
        return (long)ps + _contextPs * load.DecodeContext;
    }

    /// <inheritdoc/>
    public long ContextSlopePicoseconds(int decodes) => _contextPs;

    // Fourth-power mean: within 19 % of the greater where both are equal, and close to it elsewhere.
    private static double Roofline(double memory, double compute)
    {
        var (m, c) = (memory * memory, compute * compute);
        return Math.Sqrt(Math.Sqrt(m * m + c * c));
    }
}
