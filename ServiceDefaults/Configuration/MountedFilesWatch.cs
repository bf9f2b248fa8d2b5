using InferMesh.ServiceDefaults.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferMesh.ServiceDefaults.Configuration;

/// <summary>Reads mounted files again every few seconds; what cannot be read is told once and the last good settings stay.</summary>
internal sealed partial class MountedFilesWatch(IReadOnlyList<MountedProvider> providers, TimeProvider time, ILogger<MountedFilesWatch> logger) : BackgroundService
{
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private readonly Dictionary<string, string> _told = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            foreach (var provider in providers)
                Refresh(provider);
        }
    }

    internal void Refresh(MountedProvider provider)
    {
        try
        {
            if (provider.Refresh())
                LogRead(provider.Path);
            _told.Remove(provider.Path);
        }
        catch (StartupException e)
        {
            if (_told.TryGetValue(provider.Path, out var told) && told == e.Message)
                return;
            _told[provider.Path] = e.Message;
            LogRefused(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} has changed and was read again.")]
    private partial void LogRead(string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "The last good settings stay. {Reason}")]
    private partial void LogRefused(string reason);
}
