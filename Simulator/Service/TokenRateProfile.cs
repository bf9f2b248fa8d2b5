using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.World;

namespace InferMesh.Simulator.Service;

/// <summary>The original's profile fields of one GPU or slice, completed.</summary>
/// <param name="TokensPerSecond">Tokens per second of the whole device, prompt and output alike.</param>
/// <param name="Concurrency">Batches at the same time.</param>
/// <param name="WindowNs">How long a batch waits for more requests.</param>
/// <param name="KvBytes">Memory for requests: what the weights leave.</param>
/// <param name="LlmBytes">Memory of one language-model request.</param>
internal sealed record TokenRateProfile(double TokensPerSecond, int Concurrency, long WindowNs, double KvBytes, double LlmBytes)
{
    private const double Gigabyte = 1e9;

    /// <summary>Llama-3.1-8B in bf16: what the catalogue's profiles serve.</summary>
    private const double WeightBytes = 16.06e9;

    /// <summary>Batches at the same time where nothing is said: the original's examples.</summary>
    private const int DefaultConcurrency = 16;

    /// <summary>A batch closes when it has so many requests per batch that may run.</summary>
    private const int RequestsPerBatchSlot = 8;

    /// <summary>Work of an image and of a piece of speech: the original's 50 x 0.8 and 30 x 0.9 ms at 240,000 tokens per second.</summary>
    private const double VisionTokens = 9_600, AsrTokens = 6_480;

    /// <summary>Memory of an image and of a piece of speech: the original's 0.5 and 0.2 GB.</summary>
    private const double VisionBytes = 0.5 * Gigabyte, AsrBytes = 0.2 * Gigabyte;

    /// <summary>Most requests of one batch.</summary>
    public int MaxBatch => RequestsPerBatchSlot * Concurrency;

    /// <summary>Memory that one request takes while its batch runs.</summary>
    public double BytesOf(RequestType type) => type switch { RequestType.Vision => VisionBytes, RequestType.Asr => AsrBytes, _ => LlmBytes };

    /// <summary>Tokens that must be computed before the first comes out.</summary>
    public static double FirstWork(in SimRequest request) => request.Type == RequestType.Llm ? request.PromptTokens : Work(request);

    /// <summary>Tokens that must be computed in all.</summary>
    public static double Work(in SimRequest request) => request.Type switch
    {
        RequestType.Vision => VisionTokens,
        RequestType.Asr => AsrTokens,
        _ => (double)request.PromptTokens + request.OutputTokens,
    };

    /// <summary>Mean work of a mix.</summary>
    public static double MeanWork(MixConfig mix, double meanLlmTokens) => mix.Llm * meanLlmTokens + mix.Vision * VisionTokens + mix.Asr * AsrTokens;

    /// <summary>The node kind of a GPU type of a configuration.</summary>
    /// <param name="gpu">The type.</param>
    /// <param name="mig">Its slices.</param>
    /// <param name="meanWork">Mean tokens of a request, all types.</param>
    public static NodeKind KindOf(GpuProfileConfig gpu, MigConfig mig, double meanWork)
    {
        GpuCatalog.TryGet(gpu.Name, out var known);
        known ??= GpuCatalog.All[0];
        var rate = gpu.TokensPerS ?? known.PrefillTokensPerSecond;
        var concurrency = gpu.Concurrency ?? DefaultConcurrency;
        var vram = gpu.VramTotalGb * Gigabyte ?? known.VramTotalBytes;
        var price = gpu.PricePerHour ?? known.PriceUsdPerHour;
        TargetSpec[] slices = [.. mig.Enable
            ? mig.Profiles.Select(s => Spec($"{gpu.Name}/{s.Name}", s.TokensPerS ?? rate * s.Fraction, s.Concurrency ?? Math.Max(1, (int)(concurrency * s.Fraction)), vram * s.Fraction, price * s.Fraction))
            : []];
        return new(gpu.Share, Spec(gpu.Name, rate, concurrency, vram, price), slices, price, 1);

        TargetSpec Spec(string name, double tokensPerSecond, int batches, double bytes, double dollars)
        {
            // Where the weights in bf16 would leave no room, as on a small slice, a quantised copy is served.
            var weights = Math.Min(WeightBytes, bytes / 2);
            var profile = new TokenRateProfile(tokensPerSecond, batches, (long)(gpu.BatchWindowMs * 1e6), bytes - weights, gpu.KvCacheGbPerReq * Gigabyte);
            var fit = Math.Clamp(Math.Floor(profile.KvBytes / profile.LlmBytes), 1, (double)batches * profile.MaxBatch);
            return new(name, new(fit, tokensPerSecond, tokensPerSecond, 1 / tokensPerSecond, tokensPerSecond / meanWork, dollars), bytes, weights, profile.KvBytes, () => new TokenRateEngine(profile));
        }
    }
}
