using System.Collections.Frozen;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Ingress;

/// <summary>The SLO classes that policies name, at most half a minute old while somebody asks. Never makes a request wait: the last list answers, and a newer one is read beside it. Thread-safe.</summary>
internal sealed partial class SloClassNames(IGrainFactory grains, TimeProvider time, ILogger<SloClassNames> logger)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private volatile FrozenSet<string> _names = FrozenSet<string>.Empty;
    private long? _readAt;

    /// <summary>Whether a policy names this class, as far as is known now. False as long as no list has come.</summary>
    public bool Contains(string sloClass)
    {
        if (sloClass.Length == 0) return false;
        lock (_gate)
        {
            if (_readAt is not { } last || time.GetElapsedTime(last) > Freshness)
            {
                _readAt = time.GetTimestamp();
                _ = ReadAsync();
            }
        }
        return _names.Contains(sloClass);
    }

    private async Task ReadAsync()
    {
        try
        {
            var listing = await grains.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).List().WaitAsync(ReadTimeout, time);
            // A pattern is no name: callers could fill it in as they like.
            _names = listing.Policies.SelectMany(static policy => policy.Spec.SloClasses).Where(static name => !name.Contains('*', StringComparison.Ordinal)).ToFrozenSet(StringComparer.Ordinal);
        }
        catch (Exception e)
        {
            // The last list serves on.
            ReadFailed(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "The SLO classes of policies could not be read: {Reason}")]
    private partial void ReadFailed(string reason);
}
