using System.Diagnostics;
using System.Globalization;

namespace InferMesh.AppHost.Local;

/// <summary>
/// Remembers the running processes in the data directory, so that a start can stop what an AppHost that was killed left behind:
/// redis-server and PostgreSQL do not notice that their parent is gone.
/// </summary>
internal sealed class PidFiles(string directory)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    public void Write(string name, int pid)
    {
        // A process that is gone already has no identity and needs no file.
        if (ProcessIdentity.Of(pid) is not { } identity) return;
        Directory.CreateDirectory(directory);
        File.WriteAllLines(FileOf(name), [pid.ToString(CultureInfo.InvariantCulture), identity]);
    }

    public void Delete(string name) => File.Delete(FileOf(name));

    /// <summary>Stops every process of an earlier run that is still there and removes the files.</summary>
    /// <returns>The names of the processes that were stopped.</returns>
    public async Task<IReadOnlyList<string>> StopLeftoversAsync(TimeSpan grace)
    {
        if (!Directory.Exists(directory)) return [];
        var stopped = await Task.WhenAll(Directory.GetFiles(directory, "*.pid").Select(f => StopLeftoverAsync(f, grace)));
        return [.. stopped.OfType<string>().Order(StringComparer.Ordinal)];
    }

    private static async Task<string?> StopLeftoverAsync(string file, TimeSpan grace)
    {
        var lines = await File.ReadAllLinesAsync(file);
        var running = lines.Length == 2 && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && ProcessIdentity.Of(pid) == lines[1] ? pid : 0;
        if (running != 0) await EndAsync(running, lines[1], grace);
        File.Delete(file);
        return running == 0 ? null : Path.GetFileNameWithoutExtension(file);
    }

    private static async Task EndAsync(int pid, string identity, TimeSpan grace)
    {
        UnixSignals.Send(pid, UnixSignal.Terminate);
        var since = Stopwatch.GetTimestamp();
        while (ProcessIdentity.Of(pid) == identity)
        {
            if (Stopwatch.GetElapsedTime(since) > grace) Kill(pid);
            await Task.Delay(PollInterval);
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill(entireProcessTree: true);
        }
        catch (ArgumentException)
        {
            // Gone between the look and the kill: what was wanted.
        }
    }

    private string FileOf(string name) => Path.Combine(directory, name + ".pid");
}
