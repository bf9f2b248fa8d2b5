using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Workload;

/// <summary>Draws what a request is: type, lengths, tenant, SLO class and cell, each from a stream of its own.</summary>
internal sealed class RequestShaper
{
    /// <summary>Input tokens of an image per pixel (a patch of about 32 x 32 pixels a token), and output tokens per input token.</summary>
    private const double VisionTokensPerPixel = 1e-3, VisionOutputShare = 0.25;

    /// <summary>Tokens of text per second of speech.</summary>
    private const double TextTokensPerSecond = 4;

    private readonly RequestLaws _laws;
    private readonly RandomStream _types, _prompts, _outputs, _tenants, _slo, _cells;

    /// <summary>A stream for each concern.</summary>
    /// <param name="laws">What to draw from.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="offset">Moves all streams, so that a sample has draws of its own.</param>
    public RequestShaper(RequestLaws laws, ulong seed, ulong offset = 0)
    {
        _laws = laws;
        (_types, _prompts, _outputs) = (Open(WorkloadStreams.Types), Open(WorkloadStreams.Prompts), Open(WorkloadStreams.Outputs));
        (_tenants, _slo, _cells) = (Open(WorkloadStreams.Tenants), Open(WorkloadStreams.SloClasses), Open(WorkloadStreams.Cells));

        RandomStream Open(ulong stream) => WorkloadStreams.Open(seed, stream + offset);
    }

    /// <summary>One stream for all: the requests of one user.</summary>
    public RequestShaper(RequestLaws laws, RandomStream own)
    {
        _laws = laws;
        _types = _prompts = _outputs = _tenants = _slo = _cells = own;
    }

    public int NextTenant() => _laws.Tenants.Pick(_tenants);

    public int NextSloClass() => _laws.SloClasses?.Pick(_slo) ?? -1;

    public int NextCell() => _laws.Cells == 1 ? 0 : _cells.NextIndex(_laws.Cells);

    public int NextPrompt() => _laws.In.DrawTokens(_prompts, _laws.MostTokens);

    public int NextOutput() => _laws.Out.DrawTokens(_outputs, _laws.MostTokens);

    public (RequestType Type, int Prompt, int Output) NextWork()
    {
        switch ((RequestType)_laws.Mix.Pick(_types))
        {
            case RequestType.Vision:
                var image = Sampler.Tokens(_laws.Pixels.Draw(_prompts) * VisionTokensPerPixel * _laws.Complexity.Draw(_prompts), _laws.MostTokens);
                return (RequestType.Vision, image, Sampler.Tokens(image * VisionOutputShare, _laws.MostTokens));
            case RequestType.Asr:
                var seconds = _laws.Audio.Draw(_prompts);
                return (RequestType.Asr, Sampler.Tokens(seconds * _laws.FramesPerSecond, _laws.MostTokens), Sampler.Tokens(seconds * TextTokensPerSecond, _laws.MostTokens));
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
