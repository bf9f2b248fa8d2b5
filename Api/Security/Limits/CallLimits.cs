using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Callers;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Security.Limits;

/// <summary>Token buckets of this API: changes per caller, failed attempts to sign in per address. A bucket that is full again is forgotten.</summary>
internal sealed class CallLimits : IDisposable
{
    private const int TicksPerSecond = 10;
    private const int NetworkBytes = 8;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<Caller> _changes;
    private readonly PartitionedRateLimiter<IPAddress> _failures;

    public CallLimits(IOptions<RateLimitSettings> settings)
    {
        var (changes, failures) = (Bucket(settings.Value.ChangesPerSecond, settings.Value.ChangesBurst), Bucket(settings.Value.FailedSignInsPerSecond, settings.Value.FailedSignInsBurst));
        _changes = PartitionedRateLimiter.Create<Caller, (CallerKind, string)>(caller => RateLimitPartition.GetTokenBucketLimiter((caller.Kind, caller.KeyId.Length > 0 ? caller.KeyId : caller.Name), _ => changes));
        _failures = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetTokenBucketLimiter(address, _ => failures));
    }

    /// <summary>Counts a change; when to come back, or null when it may go on.</summary>
    public TimeSpan? Change(Caller caller) => Wait(_changes.AttemptAcquire(caller));

    /// <summary>Counts a failed attempt to sign in; when to come back, or null when it is told why it failed.</summary>
    public TimeSpan? FailedSignIn(IPAddress? address) => Wait(_failures.AttemptAcquire(Place(address ?? IPAddress.None)));

    public void Dispose()
    {
        _changes.Dispose();
        _failures.Dispose();
    }

    private static TimeSpan? Wait(RateLimitLease lease)
    {
        using (lease) return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) && wait > Shortest ? wait : Shortest;
    }

    private static TokenBucketRateLimiterOptions Bucket(int perSecond, int burst) => new()
    {
        TokenLimit = burst,
        // In small steps, where there is more than one a step.
        TokensPerPeriod = Math.Max(1, perSecond / TicksPerSecond),
        ReplenishmentPeriod = TimeSpan.FromSeconds(perSecond < TicksPerSecond ? 1.0 / perSecond : 1.0 / TicksPerSecond),
        QueueLimit = 0,
    };

    // Who has one address of IPv6 has a network of them.
    private static IPAddress Place(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, NetworkBytes, bytes.Length - NetworkBytes);
        return new(bytes);
    }
}
