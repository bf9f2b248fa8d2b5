using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace InferMesh.Cli.Agent.Training;

/// <summary>
/// Starts processes, each in a session and a group of its own, so that a signal reaches what it has started too and none that is meant for the agent reaches it. Where the
/// system can, it also ends with the agent, however that ended.
/// </summary>
internal static class RankStarter
{
    private static readonly TimeSpan TrialLimit = TimeSpan.FromSeconds(10);
    private static readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> Wanted = [];
    private static readonly Lazy<IReadOnlyList<string>> Prefix = new(FindPrefix);

    // The system tells a child of its parent's end when the thread ends that started it: one of the pool would end at any time.
    private static readonly Lazy<Thread> Starter = new(static () =>
    {
        var thread = new Thread(Work) { IsBackground = true, Name = "rank starter" };
        thread.Start();
        return thread;
    });

    /// <summary>Starts it.</summary>
    /// <exception cref="Win32Exception">The system does not start it.</exception>
    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        _ = Starter.Value;
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Wanted.Add((start, started));
        return started.Task;
    }

    private static void Work()
    {
        foreach (var (start, started) in Wanted.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(Wrap(start)) ?? throw new InvalidOperationException($"{start.FileName} did not start."));
            }
            catch (Exception exception)
            {
                started.SetException(exception);
            }
        }
    }

    private static ProcessStartInfo Wrap(ProcessStartInfo start)
    {
        if (Prefix.Value is not { Count: > 0 } prefix)
            return start;
        string[] arguments = [.. prefix.Skip(1), start.FileName, .. start.ArgumentList];
        start.ArgumentList.Clear();
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.FileName = prefix[0];
        return start;
    }

    // Both are of util-linux and replace themselves by the program, so that the process id stays its own.
    private static IReadOnlyList<string> FindPrefix()
    {
        if (!OperatingSystem.IsLinux() || Executables.Find("setsid") is not { } setSid)
            return [];
        if (Executables.Find("setpriv") is { } setPriv && Works([setPriv, "--pdeathsig", "KILL", "--", setSid, "true"]))
            return [setPriv, "--pdeathsig", "KILL", "--", setSid];
        return [setSid];
    }

    private static bool Works(IReadOnlyList<string> command)
    {
        try
        {
            using var trial = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true });
            return trial is not null && trial.WaitForExit(TrialLimit) && trial.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
