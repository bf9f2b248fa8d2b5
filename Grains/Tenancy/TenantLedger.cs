using System.Collections.Concurrent;
using System.Globalization;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Tenancy;

/// <summary>
/// What this silo has in flight of limited tenants. A reservation counts until it is settled or its lease ends: an API that dies leaks nothing. Its id names the silo, so that any silo
/// can find the owner. Thread-safe.
/// </summary>
internal sealed class TenantLedger : IDisposable, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<string, TenantShare> _shares = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, TenantReservation> _open = new();
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly TenancySettings _settings;
    private readonly ISiloStatusOracle? _oracle;
    private readonly string _silo;
    private readonly ITimer _ticker;
    private long _last;

    public TenantLedger(ILocalSiloDetails silo, IGrainFactory grains, TimeProvider time, IOptions<TenancySettings> settings, ISiloStatusOracle? oracle = null)
    {
        _oracle = oracle;
        _silo = silo.SiloAddress.ToParsableString();
        (_grains, _time, _settings) = (grains, time, settings.Value);
        _ticker = time.CreateTimer(_ => Tick(), null, _settings.ReportPeriod, _settings.ReportPeriod);
    }

    public int Open => _open.Count;

    private long LeaseEndTicks => (_time.GetUtcNow() + _settings.ReservationLease).UtcTicks;

    /// <summary>Lets a request in or refuses it.</summary>
    public async ValueTask<TenantVerdict> ReserveAsync(TenantRequest request)
    {
        while (true)
        {
            var share = Share(request.Tenant);
            if (await share.ReserveAsync(request) is not var (verdict, reservation))
            {
                Forget(request.Tenant, share);
                continue;
            }
            TenancyMetrics.Decided(verdict);
            if (reservation is null) return verdict;
            var number = Interlocked.Increment(ref _last);
            reservation.ExpiresAtTicks = LeaseEndTicks;
            _open[number] = reservation;
            return verdict with { Id = string.Create(CultureInfo.InvariantCulture, $"{number:x}-{_silo}") };
        }
    }

    /// <summary>Settles, and ends when it is stored; false when the reservation is not open. May be repeated when it failed.</summary>
    public async Task<bool> SettleAsync(long number, int promptTokens, int outputTokens)
    {
        if (!_open.TryGetValue(number, out var reservation)) return false;
        await reservation.Share.SettleAsync(reservation, promptTokens, outputTokens);
        return _open.TryRemove(number, out _);
    }

    /// <summary>The leases of what is open begin anew.</summary>
    public void Renew(IEnumerable<long> numbers)
    {
        var until = LeaseEndTicks;
        foreach (var number in numbers)
        {
            if (_open.TryGetValue(number, out var reservation)) reservation.ExpiresAtTicks = until;
        }
    }

    /// <summary>Charges what a silo reserved that is gone.</summary>
    public async Task<bool> ChargeAsync(TenantSettlement settlement)
    {
        while (true)
        {
            var share = Share(settlement.Request.Tenant);
            if (await share.ChargeAsync(settlement))
            {
                TenancyMetrics.Orphans.Add(1);
                return true;
            }
            Forget(settlement.Request.Tenant, share);
        }
    }

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(TenantLedger), ServiceLifecycleStage.Active, _ => Task.CompletedTask, StopAsync);

    public void Dispose() => _ticker.Dispose();

    private TenantShare Share(string tenant) => _shares.GetOrAdd(tenant, static (name, ledger) => new(ledger._silo, ledger._grains.GetGrain<ITenantGrain>(name), ledger._time, ledger._settings, ledger.Silos), this);

    private int Silos() => _oracle?.GetApproximateSiloStatuses(onlyActive: true).Count ?? 1;

    private void Forget(string tenant, TenantShare share) => _shares.TryRemove(KeyValuePair.Create(tenant, share));

    private void Tick()
    {
        foreach (var (tenant, share) in _shares)
        {
            if (!share.Tick()) Forget(tenant, share);
        }
        var now = _time.GetUtcNow().UtcTicks;
        foreach (var (number, reservation) in _open)
        {
            if (reservation.ExpiresAtTicks > now || !_open.TryRemove(number, out _)) continue;
            TenancyMetrics.Expired.Add(1);
            // What it did use nobody knows; more than the estimate it was not meant to.
            _ = reservation.Share.SettleAsync(reservation, reservation.Request.PromptTokens, reservation.Request.OutputTokens);
        }
    }

    /// <summary>What cannot be reported in time ends with the leases.</summary>
    private Task StopAsync(CancellationToken cancellationToken)
    {
        _ticker.Dispose();
        if (cancellationToken.IsCancellationRequested) return Task.CompletedTask;
        return Task.WhenAll(_shares.Values.Select(s => s.CloseAsync())).WaitAsync(cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
