using InferMesh.Grains.Abstractions.Directory;

namespace InferMesh.Api.Ingress.Tenancy;

/// <summary>
/// Which tenants have limits: the cluster's own list, at most a second old while there is traffic. A request of any other tenant costs no call. Thread-safe.
/// </summary>
internal sealed partial class LimitedTenants(IGrainFactory grains, TimeProvider time, ILogger<LimitedTenants> logger)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    // Older than this, after a pause without traffic, the list is read before the request goes on.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private volatile Listing? _last;
    private Task _reading = Task.CompletedTask;

    /// <summary>Whether a tenant may have limits: true also as long as no list could be read.</summary>
    public async ValueTask<bool> MayContainAsync(string tenant, CancellationToken cancellationToken)
    {
        var age = _last is { } last ? time.GetElapsedTime(last.CheckedAt) : TimeSpan.MaxValue;
        if (age > Freshness)
        {
            var reading = Read();
            if (age > MaxAge) await reading.WaitAsync(cancellationToken);
        }
        return _last?.Names is not { } names || names.Contains(tenant);
    }

    /// <summary>Whether the last list has this tenant, without a look; false as long as there is none.</summary>
    public bool Contains(string tenant) => _last?.Names?.Contains(tenant) is true;

    private Task Read()
    {
        lock (_gate) return _reading.IsCompleted ? _reading = ReadAsync() : _reading;
    }

    private async Task ReadAsync()
    {
        try
        {
            var names = (await grains.GetGrain<IDirectoryGrain>(DirectoryKeys.Tenants).List().WaitAsync(ReadTimeout, time)).Names;
            _last = new(names.ToHashSet(StringComparer.Ordinal), time.GetTimestamp());
        }
        catch (Exception e)
        {
            // The last list serves on, and is looked at again in a second: a cluster that does not answer must not hold every request up.
            ReadFailed(e.Message);
            _last = new(_last?.Names, time.GetTimestamp());
        }
    }

    [LoggerMessage(LogLevel.Warning, "The list of limited tenants could not be read: {Reason}")]
    private partial void ReadFailed(string reason);

    private sealed record Listing(HashSet<string>? Names, long CheckedAt);
}
