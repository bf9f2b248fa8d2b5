using System.Runtime.InteropServices;

namespace InferMesh.Adapters.Gpu.Nvml;

/// <summary>One loaded NVML with its session: found, bound, initialised; shut down and unloaded on dispose.</summary>
/// <remarks>
/// The exports are bound to function pointers of this instance, not through [LibraryImport]: a DllImport resolver ties one
/// library to the whole assembly for the life of the process, so neither could two libraries be open at once (an explicit
/// path beside the system's, the builds that tests load), nor could a library be unloaded and found again after a driver upgrade.
/// A missing export is a null pointer that is known before the call instead of an exception out of it. For blittable
/// signatures like these the calls are the same instructions as what the LibraryImport generator writes.
/// Not thread-safe by itself: <see cref="NvmlGpuSource"/> serialises.
/// </remarks>
internal sealed class NvmlLibrary : IDisposable
{
    private nint _handle;
    private bool _initialised;

    private NvmlLibrary(nint handle)
    {
        _handle = handle;
        Api = new NvmlApi(handle);
    }

    public NvmlApi Api { get; }

    /// <summary>Opens the library and its session.</summary>
    /// <param name="explicitPath">The only file to try; null or empty tries the places where drivers install it.</param>
    /// <param name="library">The open library, or null.</param>
    /// <returns>Null on success, else why not.</returns>
    public static GpuSourceResult.Unavailable? TryOpen(string? explicitPath, out NvmlLibrary? library)
    {
        library = null;
        if (Load(explicitPath, out var handle) is { } notLoaded)
            return notLoaded;
        var opened = new NvmlLibrary(handle);
        var failure = opened.Api.MissingEssential is { } essential
            ? MissingEssential(essential)
            : opened.Initialise();
        if (failure is not null)
        {
            opened.Dispose();
            return failure;
        }
        library = opened;
        return null;
    }

    public void Dispose()
    {
        if (_handle == 0)
            return;
        if (_initialised)
            _ = Api.Shutdown(); // nothing is left to do about a failing shutdown: the library is unloaded next
        _initialised = false;
        NativeLibrary.Free(_handle);
        _handle = 0;
    }

    private GpuSourceResult.Unavailable? Initialise()
    {
        var code = Api.Init();
        if (code != NvmlReturn.Success)
            return NvmlErrors.ToUnavailable(code, "nvmlInit_v2");
        _initialised = true;
        return null;
    }

    private static GpuSourceResult.Unavailable MissingEssential(string function) => function == NvmlApi.InitName
        ? new(GpuSourceFailure.NotNvml, $"the library exports no {function}: it is not an NVML")
        : new(GpuSourceFailure.FunctionMissing, $"this NVML has no {function}, without which nothing can be read");

    private static GpuSourceResult.Unavailable? Load(string? explicitPath, out nint handle)
    {
        var candidates = NvmlPaths.Candidates(explicitPath);
        foreach (var candidate in candidates)
        {
            try
            {
                handle = NativeLibrary.Load(candidate);
                return null;
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                // A file that exists and does not load is worth its own answer; the loader's text names the reason.
                if (Path.IsPathRooted(candidate) && File.Exists(candidate))
                {
                    handle = 0;
                    return new(GpuSourceFailure.NotNvml, $"'{candidate}' cannot be loaded as a library: {FirstLine(e.Message)}");
                }
            }
        }
        handle = 0;
        return new(GpuSourceFailure.LibraryNotFound, $"no NVML library found (tried {string.Join(", ", candidates)})");
    }

    private static string FirstLine(string text) => text.AsSpan().Trim().ToString().Split('\n', 2)[0].TrimEnd();
}
