using InferMesh.Simulator.Configuration;

namespace InferMesh.Simulator.Workload;

/// <summary>The laws that requests are drawn from. Immutable.</summary>
internal sealed class RequestLaws(SimConfig config)
{
    // A frame of speech is 10 ms at 16 kHz.
    private const double SamplesPerFrame = 160;

    public Shares Mix { get; } = new([config.Workload.Mix.Llm, config.Workload.Mix.Vision, config.Workload.Mix.Asr]);

    public Shares Tenants { get; } = Shares.Zipf(config.Workload.Tenants.Count, config.Workload.Tenants.ZipfS);

    /// <summary>Null when there are no classes.</summary>
    public Shares? SloClasses { get; } = config.SloClasses.Count == 0 ? null : new([.. config.SloClasses.Select(c => c.Share)]);

    public Sampler In { get; } = new(config.Workload.Llm.InTokens);

    public Sampler Out { get; } = new(config.Workload.Llm.OutTokens);

    public Sampler Pixels { get; } = new(config.Workload.Vision.ImageSize);

    public Sampler Complexity { get; } = new(config.Workload.Vision.ProcessingComplexity);

    public Sampler Audio { get; } = new(config.Workload.Asr.AudioDurationS);

    public double FramesPerSecond { get; } = config.Workload.Asr.SampleRate / SamplesPerFrame;

    public int MostTokens { get; } = config.Workload.Llm.MaxTokens;

    public int Cells { get; } = config.Topology.Cells;
}
