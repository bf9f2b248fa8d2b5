using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace InferMesh.AppHost.Local;

/// <summary>Tells a process from a later one that got the same id.</summary>
internal static class ProcessIdentity
{
    private const int StartTimeField = 19;

    /// <returns>Null where no such process runs (one that ended and waits for its parent counts as ended).</returns>
    public static string? Of(int pid) => OperatingSystem.IsLinux() ? OnLinux(pid) : Elsewhere(pid);

    // Exact, where a start time of the clock moves when the clock is set: ticks since this boot of the kernel.
    private static string? OnLinux(int pid)
    {
        try
        {
            // The name, second field, is in brackets and may hold spaces and brackets itself.
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (fields[0] is "Z" or "X") return null;
            return $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}:{fields[StartTimeField]}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Elsewhere(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }
}
