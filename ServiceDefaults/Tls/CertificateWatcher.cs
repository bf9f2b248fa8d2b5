using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>
/// Looks at the certificate files every few seconds. By content, not by notices of the file system: mounted secrets are swapped by links, on file systems that
/// send none.
/// </summary>
internal sealed partial class CertificateWatcher(IEnumerable<CertificateSource> sources, TlsSettings settings, TlsMetrics metrics, TimeProvider time, ILogger<CertificateWatcher> logger) : BackgroundService
{
    private readonly CertificateSource[] _sources = [.. sources];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var source in _sources)
            LogServing(source.Name, source.Current.Certificate.SerialNumber, source.Current.ExpiresAt);
        using var timer = new PeriodicTimer(settings.ReloadPeriod, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            foreach (var source in _sources)
                Look(source);
        }
    }

    /// <summary>Takes what is new, or says why not.</summary>
    internal void Look(CertificateSource source)
    {
        try
        {
            if (!source.Reload())
                return;
            metrics.Reloaded(source.Name, loaded: true);
            LogServing(source.Name, source.Current.Certificate.SerialNumber, source.Current.ExpiresAt);
        }
        catch (CertificateFileException e)
        {
            metrics.Reloaded(source.Name, loaded: false);
            LogKept(source.Name, e.Message, source.Current.ExpiresAt);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Certificate {Name} {Serial} serves; it expires on {ExpiresAt:u}")]
    private partial void LogServing(string name, string serial, DateTimeOffset expiresAt);

    [LoggerMessage(Level = LogLevel.Error, Message = "The new files of certificate {Name} are broken, the old ones serve on until {ExpiresAt:u}: {Fault}")]
    private partial void LogKept(string name, string fault, DateTimeOffset expiresAt);
}
