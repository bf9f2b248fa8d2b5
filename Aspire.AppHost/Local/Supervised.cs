using System.ComponentModel;
using CliWrap;

namespace InferMesh.AppHost.Local;

/// <summary>One process that is kept running until it is stopped.</summary>
internal sealed class Supervised(ProcessSpec spec, SupervisionOptions options, ProcessLog log, ISupervisionListener listener, PidFiles? pidFiles, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly TaskCompletionSource _firstHealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;
    private volatile bool _stopRequested;
    private volatile int _pid;

    public string Name => spec.Name;

    /// <summary>The id of the running process, 0 between two runs.</summary>
    public int Pid => _pid;

    public void Start() => _loop = Task.Run(RunUntilStoppedAsync);

    /// <summary>Completes when the process has been healthy once.</summary>
    /// <exception cref="ProcessFailedException">It keeps exiting, or was not healthy within the limit.</exception>
    public async Task HealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _firstHealthy.Task.WaitAsync(options.HealthLimit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new ProcessFailedException(Name, $"was not healthy within {options.HealthLimit.TotalSeconds:0} s; its last lines:", log.Tail);
        }
    }

    /// <summary>Asks the process to end, kills it after the grace or as soon as there is a hurry, and returns when it is gone.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        lock (_gate)
        {
            _stopRequested = true;
            // By process id: CliWrap's graceful cancellation is a SIGINT, which a tree started in the background of a shell ignores.
            UnixSignals.Send(_pid, spec.StopSignal);
        }

        await _stopping.CancelAsync();
        using var grace = new CancellationTokenSource(options.StopGrace, time);
        using var onGrace = grace.Token.Register(_kill.Cancel);
        using var onHurry = hurry.Register(_kill.Cancel);
        await _loop;
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _kill.Dispose();
        log.Dispose();
    }

    private async Task RunUntilStoppedAsync()
    {
        var exits = 0;
        while (!_stopRequested)
        {
            var run = await RunOnceAsync();
            if (_stopRequested)
            {
                listener.On(new(Name, run.WasKilled ? ProcessEventKind.Killed : ProcessEventKind.Stopped, run.Pid, run.Detail));
                return;
            }

            exits = options.Restart.ExitsInARow(exits, run.HealthyFor);
            if (!_firstHealthy.Task.IsCompleted && exits >= options.StartAttempts)
            {
                _firstHealthy.TrySetException(new ProcessFailedException(Name, $"{run.Detail} {exits} times without becoming healthy; its last lines:", log.Tail));
                return;
            }

            var delay = options.Restart.Delay(exits);
            listener.On(new(Name, ProcessEventKind.Exited, run.Pid, run.Detail, delay));
            await Task.Delay(delay, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Run> RunOnceAsync()
    {
        log.BeginRun();
        CommandTask<CommandResult> running;
        try
        {
            running = Command().ExecuteAsync(_kill.Token, OperatingSystem.IsWindows() ? _stopping.Token : CancellationToken.None);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or OperationCanceledException)
        {
            return new(0, $"could not be started ({e.Message})", TimeSpan.Zero, WasKilled: false);
        }

        var pid = running.ProcessId;
        Publish(pid);
        using var ended = new CancellationTokenSource();
        var health = WatchHealthAsync(pid, ended.Token);
        var (detail, killed) = await EndAsync(running);
        await ended.CancelAsync();
        var healthyFor = await health;
        _pid = 0;
        pidFiles?.Delete(Name);
        return new(pid, detail, healthyFor, killed);
    }

    private void Publish(int pid)
    {
        lock (_gate)
        {
            _pid = pid;
            // A stop that came between the start and this line found no process to signal.
            if (_stopRequested) UnixSignals.Send(pid, spec.StopSignal);
        }

        pidFiles?.Write(Name, pid);
        listener.On(new(Name, ProcessEventKind.Started, pid));
    }

    private static async Task<(string Detail, bool Killed)> EndAsync(CommandTask<CommandResult> running)
    {
        try
        {
            var result = await running;
            return ($"exited with code {result.ExitCode}", false);
        }
        catch (OperationCanceledException)
        {
            return ("was killed", true);
        }
    }

    /// <returns>How long the process had been healthy when it ended.</returns>
    private async Task<TimeSpan> WatchHealthAsync(int pid, CancellationToken ended)
    {
        try
        {
            while (!await spec.Health.IsHealthyAsync(log, ended)) await Task.Delay(options.HealthInterval, time, ended);
        }
        catch (OperationCanceledException)
        {
            return TimeSpan.Zero;
        }

        var since = time.GetTimestamp();
        listener.On(new(Name, ProcessEventKind.Healthy, pid));
        _firstHealthy.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return time.GetElapsedTime(since);
    }

    private Command Command()
    {
        // Its own session: Ctrl+C in a terminal goes to the whole group, and the stores would end before the silos have left the cluster.
        var (file, arguments) = OwnSession.Wrap(spec.File, spec.Arguments);
        var command = Cli.Wrap(file)
            .WithArguments(arguments)
            .WithEnvironmentVariables(spec.Environment)
            .WithStandardOutputPipe(PipeTarget.ToDelegate(log.Write))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(log.Write))
            .WithValidation(CommandResultValidation.None);
        return spec.WorkingDirectory is { } directory ? command.WithWorkingDirectory(directory) : command;
    }

    private sealed record Run(int Pid, string Detail, TimeSpan HealthyFor, bool WasKilled);
}
