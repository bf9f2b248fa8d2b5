using System.Collections.Concurrent;
using InferMesh.Api.Calls;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Api.Ingress.Tenancy;

/// <summary>Calls to the gates of the silos, patient enough to outlive a silo that dies under them. Renews what is reserved for as long as it runs. Thread-safe.</summary>
internal sealed partial class TenantCalls : IDisposable
{
    // Gates are stateless workers; the key only decides over which gateway the call enters the cluster.
    private const uint Keys = 64;
    private const int MaxTries = 4;
    private const int MaxRenewals = 1000;

    // A silo that died takes its answer along; the next try asks another one, and what comes late goes back.
    private static readonly TimeSpan ReserveTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    // Three times within the shortest lease that a silo gives.
    private static readonly TimeSpan RenewPeriod = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, bool> _running = new(StringComparer.Ordinal);
    private readonly ITenantGateGrain?[] _gates = new ITenantGateGrain?[Keys];
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly ILogger<TenantCalls> _logger;
    private readonly ITimer _renewer;
    private uint _next;

    public TenantCalls(IGrainFactory grains, TimeProvider time, ILogger<TenantCalls> logger)
    {
        (_grains, _time, _logger) = (grains, time, logger);
        _renewer = time.CreateTimer(_ => Renew(), null, RenewPeriod, RenewPeriod);
    }

    /// <summary>A verdict; one that nobody gave says that the budget is not known.</summary>
    public async Task<TenantVerdict> ReserveAsync(TenantRequest request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var call = Gate().Reserve(request).AsTask();
            try
            {
                var verdict = await call.WaitAsync(ReserveTimeout, _time, cancellationToken);
                if (verdict.Status == TenantVerdictStatus.Granted) _running[verdict.Id] = true;
                return verdict;
            }
            catch (Exception e)
            {
                if (!call.IsFaulted) _ = ReleaseAsync(call, request);
                if (cancellationToken.IsCancellationRequested) throw;
                ReserveTryFailed(request.Tenant, attempt, e.Message);
                if (attempt == MaxTries || !GrainCalls.IsTransient(e)) return new() { Status = TenantVerdictStatus.Unavailable, RetryAfter = TimeSpan.FromSeconds(1) };
            }
            await Task.Delay(FirstPause * attempt, _time, cancellationToken);
        }
    }

    /// <summary>Settles in the background. What does not arrive in several tries ends with the lease of the reservation, which counts the estimate.</summary>
    public async Task SettleAsync(TenantSettlement settlement)
    {
        _running.TryRemove(settlement.Id, out _);
        for (var attempt = 1; attempt <= MaxTries; attempt++)
        {
            try
            {
                await Gate().Settle(settlement).AsTask().WaitAsync(SettleTimeout, _time);
                return;
            }
            catch (Exception e)
            {
                SettleTryFailed(settlement.Id, attempt, e.Message);
            }
            await Task.Delay(FirstPause * (1 << (2 * attempt)), _time);
        }
    }

    public void Dispose() => _renewer.Dispose();

    /// <summary>Nobody waits for this reservation any more: when it comes after all, it goes back.</summary>
    private async Task ReleaseAsync(Task<TenantVerdict> call, TenantRequest request)
    {
        try
        {
            if (await call is { Status: TenantVerdictStatus.Granted } late) await SettleAsync(new(late.Id, request, 0, 0));
        }
        catch (Exception e)
        {
            ReserveTryFailed(request.Tenant, MaxTries, e.Message);
        }
    }

    private void Renew()
    {
        foreach (var ids in _running.Keys.Chunk(MaxRenewals)) _ = RenewAsync(ids);
    }

    private async Task RenewAsync(string[] ids)
    {
        try
        {
            await Gate().Renew(ids);
        }
        catch (Exception e)
        {
            // The next one comes before the leases end.
            RenewFailed(ids.Length, e.Message);
        }
    }

    private ITenantGateGrain Gate()
    {
        var key = Interlocked.Increment(ref _next) % Keys;
        return _gates[key] ??= _grains.GetGrain<ITenantGateGrain>(key);
    }

    [LoggerMessage(LogLevel.Debug, "Reserving for tenant {Tenant}: try {Attempt} failed: {Reason}")]
    private partial void ReserveTryFailed(string tenant, int attempt, string reason);

    [LoggerMessage(LogLevel.Warning, "Settling {ReservationId}: try {Attempt} failed: {Reason}")]
    private partial void SettleTryFailed(string reservationId, int attempt, string reason);

    [LoggerMessage(LogLevel.Warning, "Renewing {Count} reservations of tenants failed: {Reason}")]
    private partial void RenewFailed(int count, string reason);
}
