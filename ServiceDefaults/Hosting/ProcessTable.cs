using System.ComponentModel;
using System.Diagnostics;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>The little of the machine's process list that <see cref="ParentWatch"/> needs.</summary>
internal interface IProcessTable
{
    DateTime OwnStartTime { get; }

    /// <summary>When the process started, or null when it is gone.</summary>
    DateTime? StartTime(int processId);
}

internal sealed class ProcessTable : IProcessTable
{
    public DateTime OwnStartTime { get; } = StartTimeOf(Process.GetCurrentProcess());

    public DateTime? StartTime(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.HasExited || IsZombie(processId) ? null : StartTimeOf(process);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    private static DateTime StartTimeOf(Process process) => process.StartTime.ToUniversalTime();

    // A killed process stays in the list until its own parent has collected it: the letter behind "(name)" says so.
    private static bool IsZombie(int processId)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var state = stat.LastIndexOf(')') + 2;
            return state > 1 && state < stat.Length && stat[state] is ('Z' or 'X');
        }
        catch (IOException)
        {
            return true;
        }
    }
}
