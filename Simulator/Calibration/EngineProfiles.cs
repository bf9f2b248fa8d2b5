using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace InferMesh.Simulator.Calibration;

/// <summary>The profiles that ship: each GPU type with each model, at every degree of tensor parallelism at which it fits.</summary>
public static class EngineProfiles
{
    private static readonly EngineProfile[] Profiles = Make();

    private static readonly FrozenDictionary<string, EngineProfile> ByKey =
        Profiles.ToFrozenDictionary(static profile => Key(profile.Gpu, profile.Model.Name, profile.TensorParallel), StringComparer.OrdinalIgnoreCase);

    /// <summary>Every profile, by GPU, model and degree.</summary>
    public static IReadOnlyList<EngineProfile> All => Profiles;

    /// <summary>Finds a profile, letter case aside; false when there is none or the model does not fit.</summary>
    public static bool TryGet(string gpu, string model, int tensorParallel, [NotNullWhen(true)] out EngineProfile? profile) =>
        ByKey.TryGetValue(Key(gpu, model, tensorParallel), out profile);

    /// <summary>As <see cref="TryGet(string, string, int, out EngineProfile?)"/>, on a GPU with another amount of memory where one is given.</summary>
    /// <param name="gpu">GPU type.</param>
    /// <param name="model">Model.</param>
    /// <param name="tensorParallel">GPUs.</param>
    /// <param name="memoryBytes">Memory of one GPU; null takes the type's.</param>
    /// <param name="profile">The profile.</param>
    public static bool TryGet(string gpu, string model, int tensorParallel, double? memoryBytes, [NotNullWhen(true)] out EngineProfile? profile)
    {
        if (memoryBytes is not { } bytes) return TryGet(gpu, model, tensorParallel, out profile);
        profile = null;
        if (GpuPhysicsCatalog.All.FirstOrDefault(g => Same(g.Name, gpu)) is not { } type || ModelShape.All.FirstOrDefault(m => Same(m.Name, model)) is not { } shape) return false;
        type = type with { MemoryBytes = (long)bytes };
        var blocks = EngineMemory.KvBlocks(bytes, shape, tensorParallel, type.MaxBatchedTokens);
        if (blocks >= MinBlocks) profile = Of(type, shape, tensorParallel, blocks);
        return profile is not null;
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    /// <summary>A profile of any GPU, at the least degree at which the model fits.</summary>
    public static bool TryGetSmallest(string gpu, string model, [NotNullWhen(true)] out EngineProfile? profile)
    {
        foreach (var degree in Degrees)
        {
            if (TryGet(gpu, model, degree, out profile))
                return true;
        }

        profile = null;
        return false;
    }

    private static ReadOnlySpan<int> Degrees => [1, 2, 4, 8];

    private static string Key(string gpu, string model, int tensorParallel) => $"{gpu}/{model}/{tensorParallel}";

    private static EngineProfile[] Make()
    {
        var made = new List<EngineProfile>();
        foreach (var gpu in GpuPhysicsCatalog.All)
        {
            foreach (var model in ModelShape.All)
            {
                foreach (var degree in Degrees)
                {
                    var blocks = EngineMemory.KvBlocks(gpu.MemoryBytes, model, degree, gpu.MaxBatchedTokens);
                    if (blocks >= MinBlocks)
                        made.Add(Of(gpu, model, degree, blocks));
                }
            }
        }

        return [.. made];
    }

    // Room for one prompt of 8,192 tokens: less is no service.
    private const int MinBlocks = 512;

    private static EngineProfile Of(GpuPhysics gpu, ModelShape model, int degree, int blocks) => new()
    {
        Gpu = gpu.Name,
        Model = model,
        TensorParallel = degree,
        StepTime = new RooflineStepTime(gpu, model, degree, 1),
        KvBlocks = blocks,
        MaxBatchedTokens = gpu.MaxBatchedTokens,
        PricePerHour = gpu.PricePerHour * degree,
        MemoryBytes = gpu.MemoryBytes * degree,
        Source = gpu.Source,
        Physics = gpu,
    };
}
