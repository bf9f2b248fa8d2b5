using System.ComponentModel;
using System.Diagnostics;

namespace InferMesh.Cli.Agent.Training;

/// <summary>How a rank is started.</summary>
/// <param name="Rank">Number among all ranks of the job.</param>
/// <param name="File">Program.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">All variables that it gets.</param>
/// <param name="Folder">Folder that it starts in, with its log.</param>
internal sealed record RankStart(int Rank, string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Folder);

/// <summary>One rank: its process, and what it writes.</summary>
internal sealed class RankProcess
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);
    private static readonly byte[] CheckpointLine = "checkpoint\n"u8.ToArray();
    private readonly Process _process;
    private readonly Stream _input;
    private readonly int _pid;
    private Task _asked = Task.CompletedTask;
    private volatile string _lastLine = "";

    private RankProcess(int rank, Process process, RankLog log, Action<int, RankMessage> told)
    {
        (Rank, _process, _pid, _input) = (rank, process, process.Id, process.StandardInput.BaseStream);
        var output = new RankOutput(log, line =>
        {
            if (RankMessage.Read(line) is { } message) told(rank, message);
            else _lastLine = line;
        }).ReadAsync(process.StandardOutput.BaseStream);
        var errors = new RankOutput(log, line => _lastLine = line).ReadAsync(process.StandardError.BaseStream);
        Ended = FollowAsync(Task.WhenAll(output, errors), log);
    }

    public int Rank { get; }

    public int ProcessId => _pid;

    /// <summary>The last line that it wrote, messages to the agent aside; "" when there is none.</summary>
    public string LastLine => _lastLine;

    /// <summary>When the process was seen to be gone, by the system's monotonic clock; 0 before.</summary>
    public long EndedAt { get; private set; }

    /// <summary>Ends with its exit code, when all that it wrote is read; 128 and the signal's number where one ended it.</summary>
    public Task<int> Ended { get; }

    /// <summary>Starts it.</summary>
    /// <param name="start">What to start.</param>
    /// <param name="told">Told of its messages with its rank, on any thread.</param>
    /// <exception cref="Win32Exception">The system does not start it.</exception>
    /// <exception cref="IOException">Its log cannot be opened.</exception>
    public static async Task<RankProcess> StartAsync(RankStart start, Action<int, RankMessage> told)
    {
        var info = new ProcessStartInfo(start.File, start.Arguments)
        {
            WorkingDirectory = start.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in start.Environment) info.Environment[name] = value;
        var log = new RankLog(Path.Combine(start.Folder, RankLog.NameOf(start.Rank)));
        try
        {
            return new(start.Rank, await RankStarter.StartAsync(info), log, told);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Asks for a checkpoint; a rank that has not read the last such wish is not asked again.</summary>
    public void AskCheckpoint()
    {
        if (_asked.IsCompleted)
            _asked = Task.Run(AskAsync);
    }

    /// <summary>Asks it and what it started to end.</summary>
    public void Terminate() => Signal(GroupSignal.Terminate);

    /// <summary>Ends it and what it started.</summary>
    public void Kill() => Signal(GroupSignal.Kill);

    private async Task AskAsync()
    {
        try
        {
            await _input.WriteAsync(CheckpointLine);
            await _input.FlushAsync();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // It has closed its input, or is gone: nobody there to ask. Whoever waits for a checkpoint does so for a limited time.
        }
    }

    private void Signal(GroupSignal signal)
    {
        // A process that has only just begun has no group of its own yet.
        if (EndedAt != 0 || ProcessGroup.Send(_pid, signal))
            return;
        try
        {
            if (_process.HasExited)
                return;
            if (signal == GroupSignal.Kill)
                _process.Kill(entireProcessTree: true);
            else if (!ProcessGroup.SendOne(_pid, signal))
                _process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            // It ended meanwhile.
        }
    }

    private async Task<int> FollowAsync(Task reading, RankLog log)
    {
        await _process.WaitForExitAsync();
        var code = _process.ExitCode;
        EndedAt = TimeProvider.System.GetTimestamp();
        // What it left in its group would hold the GPU, and the pipes.
        ProcessGroup.Send(_pid, GroupSignal.Kill);
        await reading.WaitAsync(DrainLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        log.Dispose();
        _process.Dispose();
        return code;
    }
}
