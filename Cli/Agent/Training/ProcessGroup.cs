using System.Runtime.InteropServices;

namespace InferMesh.Cli.Agent.Training;

internal enum GroupSignal
{
    Kill = 9,
    Terminate = 15,
}

/// <summary>Signals to a process and all that it started in its group.</summary>
internal static class ProcessGroup
{
    private const int None = 0;

    /// <summary>Sends a signal to a group.</summary>
    /// <returns>False where there is no such group, or the system knows none.</returns>
    public static bool Send(int group, GroupSignal signal) => Usable(group) && Kill(-group, (int)signal) == 0;

    /// <summary>Sends a signal to one process.</summary>
    public static bool SendOne(int pid, GroupSignal signal) => Usable(pid) && Kill(pid, (int)signal) == 0;

    /// <summary>Whether anybody is left in a group, be it a process that nobody has waited for.</summary>
    public static bool Exists(int group) => Usable(group) && Kill(-group, None) == 0;

    // 0 and 1 have meanings of their own: the caller's group, and everybody.
    private static bool Usable(int id) => !OperatingSystem.IsWindows() && id > 1;

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
