using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Workload;

/// <summary>Draws what a request is: type, lengths, tenant, SLO class and cell, each from a stream of its own.</summary>
internal sealed class RequestShaper
{
    /// <summary>Input tokens of an image per pixel (a patch of about 32 x 32 pixels a token), and output tokens per input token.</summary>
    private const double VisionTokensPerPixel = 1e-3, VisionOutputShare = 0.25;

    /// <summary>Samples of one frame of speech (10 ms at 16 kHz), and tokens of text per second of speech.</summary>
    private const double SamplesPerFrame = 160, TextTokensPerSecond = 4;

    private readonly RandomStream _types, _prompts, _outputs, _tenants, _slo, _cells;
    private readonly Shares _mix, _tenantShares;
    private readonly Shares? _sloShares;
    private readonly Sampler _in, _out, _pixels, _complexity, _audio;
    private readonly int _mostTokens, _cellCount;
    private readonly double _framesPerSecond;

    /// <param name="config">What to draw.</param>
    /// <param name="offset">Moves all streams, so that a user or a sample has draws of its own.</param>
    public RequestShaper(SimConfig config, ulong offset = 0)
    {
        var seed = config.Seed;
        (_types, _prompts, _outputs) = (Open(WorkloadStreams.Types), Open(WorkloadStreams.Prompts), Open(WorkloadStreams.Outputs));
        (_tenants, _slo, _cells) = (Open(WorkloadStreams.Tenants), Open(WorkloadStreams.SloClasses), Open(WorkloadStreams.Cells));
        var workload = config.Workload;
        _mix = new([workload.Mix.Llm, workload.Mix.Vision, workload.Mix.Asr]);
        _tenantShares = Shares.Zipf(workload.Tenants.Count, workload.Tenants.ZipfS);
        _sloShares = config.SloClasses.Count == 0 ? null : new([.. config.SloClasses.Select(c => c.Share)]);
        (_in, _out) = (new(workload.Llm.InTokens), new(workload.Llm.OutTokens));
        (_pixels, _complexity, _audio) = (new(workload.Vision.ImageSize), new(workload.Vision.ProcessingComplexity), new(workload.Asr.AudioDurationS));
        _mostTokens = workload.Llm.MaxTokens;
        _cellCount = config.Topology.Cells;
        _framesPerSecond = workload.Asr.SampleRate / SamplesPerFrame;

        RandomStream Open(ulong stream) => WorkloadStreams.Open(seed, stream + offset);
    }

    public int NextTenant() => _tenantShares.Pick(_tenants);

    public int NextSloClass() => _sloShares?.Pick(_slo) ?? -1;

    public int NextCell() => _cellCount == 1 ? 0 : _cells.NextIndex(_cellCount);

    public int NextPrompt() => _in.DrawTokens(_prompts, _mostTokens);

    public int NextOutput() => _out.DrawTokens(_outputs, _mostTokens);

    public (RequestType Type, int Prompt, int Output) NextWork()
    {
        switch ((RequestType)_mix.Pick(_types))
        {
            case RequestType.Vision:
                var image = Sampler.Tokens(_pixels.Draw(_prompts) * VisionTokensPerPixel * _complexity.Draw(_prompts), _mostTokens);
                return (RequestType.Vision, image, Sampler.Tokens(image * VisionOutputShare, _mostTokens));
            case RequestType.Asr:
                var seconds = _audio.Draw(_prompts);
                return (RequestType.Asr, Sampler.Tokens(seconds * _framesPerSecond, _mostTokens), Sampler.Tokens(seconds * TextTokensPerSecond, _mostTokens));
            default:
                return (RequestType.Llm, NextPrompt(), NextOutput());
        }
    }

    /// <summary>A request on its own.</summary>
    public SimRequest Next(int id, long atNs)
    {
        var (type, prompt, output) = NextWork();
        return new(id, atNs, type, prompt, output, NextTenant(), NextSloClass(), NextCell(), -1, default);
    }
}
