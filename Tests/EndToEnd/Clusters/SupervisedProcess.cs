using System.Diagnostics;

namespace InferMesh.Tests.EndToEnd.Clusters;

/// <summary>A process of the mesh that is started again whenever it ends, as a service manager does. Its output goes to a file.</summary>
internal sealed class SupervisedProcess : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ProcessStartInfo> _start;
    private readonly StreamWriter _log;
    private readonly Task _running;
    private TimeSpan _down = Pause;
    private Process? _process;

    /// <param name="name">Of its log.</param>
    /// <param name="folder">Where its log is.</param>
    /// <param name="address">Where it answers <c>/health/ready</c>; null when it does not.</param>
    /// <param name="start">How it is started.</param>
    public SupervisedProcess(string name, string folder, Uri? address, Func<ProcessStartInfo> start)
    {
        (Name, Address, _start) = (name, address, start);
        LogPath = Path.Combine(folder, name + ".log");
        _log = new(LogPath) { AutoFlush = true };
        _running = RunAsync();
    }

    public string Name { get; }

    public Uri? Address { get; }

    public string LogPath { get; }

    public int ProcessId => _process?.Id ?? 0;

    /// <summary>Times that it was started.</summary>
    public int Starts { get; private set; }

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Kills it; it is started again after a time.</summary>
    public void Kill(TimeSpan down)
    {
        _down = down;
        Signal(9);
    }

    public void Signal(int signal)
    {
        if (IsRunning) MeshProcess.Kill(ProcessId, signal);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        await _log.DisposeAsync();
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            using var process = Process.Start(_start())!;
            _process = process;
            Starts++;
            process.OutputDataReceived += (_, line) => Write(line.Data);
            process.ErrorDataReceived += (_, line) => Write(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            await process.WaitForExitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            Write($"--- ended with {process.ExitCode}");
            await Task.Delay(_down, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _down = Pause;
        }
        _process = null;
    }

    private void Write(string? line)
    {
        if (line is null) return;
        lock (_log) _log.WriteLine(line);
    }
}
