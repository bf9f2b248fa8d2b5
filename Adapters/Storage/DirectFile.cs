using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace InferMesh.Adapters.Storage;

/// <summary>Opens files around Linux's page cache, which the runtime has no option for.</summary>
internal static partial class DirectFile
{
    private const int ReadOnly = 0, CloseOnExec = 0x80000;

    /// <summary>O_DIRECT; it is not the same on every processor.</summary>
    private static readonly int? s_direct = !OperatingSystem.IsLinux() ? null : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => null,
    };

    /// <summary>A handle to read with; null where the system or the file system cannot.</summary>
    /// <param name="path">An existing file.</param>
    public static SafeFileHandle? TryOpen(string path)
    {
        if (s_direct is not { } direct)
            return null;
        var descriptor = Open(path, ReadOnly | CloseOnExec | direct);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
