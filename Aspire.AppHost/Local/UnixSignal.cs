using System.Runtime.InteropServices;

namespace InferMesh.AppHost.Local;

/// <summary>The signals that the supervisor sends.</summary>
internal enum UnixSignal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
}

/// <summary>Sends a signal to one process.</summary>
internal static class UnixSignals
{
    /// <returns>False where the process is gone, belongs to someone else, or the system knows no signals.</returns>
    public static bool Send(int pid, UnixSignal signal) => !OperatingSystem.IsWindows() && pid > 0 && Kill(pid, (int)signal) == 0;

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
