using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>
/// Ends the process when a stop outlasts the host's shutdown timeout by far. That timeout only asks: leaving a cluster whose
/// membership store is gone was seen to go on for minutes. Disposed, it is over: a process that only hosted this one lives on.
/// </summary>
internal sealed partial class StopDeadline : IDisposable
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    private readonly ManualResetEventSlim _down = new();

    private StopDeadline()
    {
    }

    public static StopDeadline Enforce(IHost host, ILogger logger)
    {
        var limit = host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout + s_grace;
        var deadline = new StopDeadline();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() =>
        {
            var guard = new Thread(() =>
            {
                if (deadline._down.Wait(limit)) return;
                LogOverdue(logger, limit);
                Environment.Exit(ExitCodes.Failed);
            })
            { IsBackground = true, Name = "stop-deadline" };
            guard.Start();
        });
        return deadline;
    }

    // Set, not disposed: the guard may be waiting on it.
    public void Dispose() => _down.Set();

    [LoggerMessage(Level = LogLevel.Error, Message = "Not stopped after {Limit}; ending the process.")]
    private static partial void LogOverdue(ILogger logger, TimeSpan limit);
}
