using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Routing;

/// <summary>Renews the places of requests that run for long: a lease is there for processes that die, not for answers that take their time. Thread-safe.</summary>
internal sealed partial class OpenReservations(Routers routers, IOptionsMonitor<IngressSettings> settings, TimeProvider time, ILogger<OpenReservations> logger) : BackgroundService
{
    private const int MostTogether = 256;

    private readonly ConcurrentDictionary<string, long> _open = new(StringComparer.Ordinal);

    public void Add(string id) => _open[id] = time.GetTimestamp();

    public void Remove(string id) => _open.TryRemove(id, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var period = settings.CurrentValue.RenewPeriod;
            await Task.Delay(period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Most requests are over before.
            foreach (var ids in _open.Where(r => time.GetElapsedTime(r.Value) >= period).Select(static r => r.Key).Chunk(MostTogether)) await RenewAsync(ids);
        }
    }

    private async Task RenewAsync(string[] ids)
    {
        try
        {
            await routers.Next().Renew(ids).AsTask().WaitAsync(settings.CurrentValue.RouteTimeout, time);
        }
        catch (Exception e)
        {
            // The next one comes before the leases end.
            RenewFailed(ids.Length, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Renewing {Count} reservations failed: {Reason}")]
    private partial void RenewFailed(int count, string reason);
}
