using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>
/// Ends the process when a stop outlasts the host's shutdown timeout by far. That timeout only asks: leaving a cluster whose
/// membership store is gone was seen to go on for minutes.
/// </summary>
internal static partial class StopDeadline
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    public static void Enforce(IHost host, ILogger logger)
    {
        var limit = host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout + s_grace;
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() =>
        {
            var guard = new Thread(() =>
            {
                Thread.Sleep(limit);
                LogOverdue(logger, limit);
                Environment.Exit(ExitCodes.Failed);
            })
            { IsBackground = true, Name = "stop-deadline" };
            guard.Start();
        });
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Not stopped after {Limit}; ending the process.")]
    private static partial void LogOverdue(ILogger logger, TimeSpan limit);
}
