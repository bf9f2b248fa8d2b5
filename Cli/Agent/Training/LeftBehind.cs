using System.Globalization;
using System.Text;

namespace InferMesh.Cli.Agent.Training;

/// <summary>
/// Finds what ranks have started outside their group, and ranks that an earlier life of the agent left: all of them carry the variables that they were started with. Linux only;
/// elsewhere nothing is found.
/// </summary>
internal static class LeftBehind
{
    private const string Processes = "/proc";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>Kills all processes with these variables and waits for their end.</summary>
    /// <param name="variables">Each as <c>NAME=value</c>; all must be there. One that ends with a slash stands for all paths below it.</param>
    /// <returns>How many were found.</returns>
    public static async Task<int> KillAsync(params string[] variables)
    {
        byte[][] wanted = [.. variables.Select(Encoding.UTF8.GetBytes)];
        var killed = new HashSet<int>();
        // Again until none is there: one that is being killed may have started another.
        for (var since = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(since) < Limit; await Task.Delay(Look))
        {
            int[] found = [.. Find(wanted)];
            if (found.Length == 0)
                break;
            foreach (var pid in found)
            {
                ProcessGroup.SendOne(pid, GroupSignal.Kill);
                killed.Add(pid);
            }
        }

        return killed.Count;
    }

    private static IEnumerable<int> Find(byte[][] wanted)
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists(Processes))
            yield break;
        foreach (var folder in Directory.EnumerateDirectories(Processes))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid != Environment.ProcessId && Carries(folder, wanted))
                yield return pid;
        }
    }

    private static bool Carries(string folder, byte[][] wanted)
    {
        try
        {
            var environment = File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan();
            foreach (var variable in wanted)
            {
                var found = false;
                foreach (var range in environment.Split((byte)0)) found |= variable[^1] == '/' ? environment[range].StartsWith(variable) : environment[range].SequenceEqual(variable);
                if (!found)
                    return false;
            }

            return wanted.Length > 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has just ended, or belongs to somebody else: no rank of ours in either case.
            return false;
        }
    }
}
