using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Options;

namespace InferMesh.Grains.Tenancy;

/// <summary>
/// This silo's share in one tenant: reserves and settles on its leases, and tells the tenant's grain of it in exchanges, one at a time. An exchange that failed is repeated as it was,
/// so that the grain counts it once. While none succeeds, because the storage is down or the grain's silo has died, it goes on with its part of what was left. Thread-safe.
/// </summary>
/// <param name="silo">Name of this silo.</param>
/// <param name="grain">The tenant.</param>
/// <param name="time">Time.</param>
/// <param name="settings">Settings.</param>
/// <param name="silos">How many silos there are now.</param>
internal sealed class TenantShare(string silo, ITenantGrain grain, TimeProvider time, TenancySettings settings, Func<int> silos)
{
    // Between an exchange and the next look others may take what it brought.
    private const int MaxRounds = 8;

    // Reports until others have heard that something is scarce and have given back what they do not use.
    private const int GivenBackAfter = 4;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    // After this nobody waits any more for a tenant that does not answer: what its silo has left decides.
    private static readonly TimeSpan Hope = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<MeterKey, MeterLease> _meters = [];
    private TenantPlan? _plan;
    private long _planUntilTicks;
    private LeaseRequest? _unacked;
    private TaskCompletionSource? _next;
    private TaskCompletionSource? _later;
    private bool _pumping;
    private bool _closed;
    // A share that is made anew goes on above the numbers of the one before.
    private long _sequence = time.GetUtcNow().UtcTicks;
    private long _exchangedTicks;
    private long? _aloneSinceTicks;
    private long _usedTicks = time.GetUtcNow().UtcTicks;

    private static TenantVerdict Unavailable => new() { Status = TenantVerdictStatus.Unavailable, RetryAfter = TimeSpan.FromSeconds(1) };

    private long NowTicks => time.GetUtcNow().UtcTicks;

    /// <summary>Lets a request in or refuses it; null when this share is closed and another one must be made.</summary>
    public async ValueTask<(TenantVerdict Verdict, TenantReservation? Reservation)?> ReserveAsync(TenantRequest request)
    {
        var until = NowTicks + Patience.Ticks;
        var idleUntil = NowTicks + (GivenBackAfter * settings.ReportPeriod.Ticks);
        (MeterLease Meter, long Amount)[]? waiting = null;
        var isAnswered = false;
        for (var round = 1; ; round++)
        {
            Task exchange;
            var isAgain = false;
            lock (_gate)
            {
                var waited = waiting is not null;
                foreach (var (meter, amount) in waiting ?? []) meter.StopWaiting(amount);
                if (_closed) return null;
                var now = _usedTicks = NowTicks;
                var alone = _planUntilTicks > 0 ? _aloneSinceTicks : null;
                if (now < _planUntilTicks || alone is not null)
                {
                    if (_plan is not { } plan) return (new(), null);
                    var places = Places(plan, request);
                    if (alone is not null) GoOnAlone(plan, places, now);
                    var lacking = Array.FindIndex(places, p => !p.Meter.Has(p.Amount, now, waited));
                    if (lacking < 0) return (Granted(places, now), Take(plan, request, places));
                    if (now - alone >= Hope.Ticks) return (Unavailable, null);
                    var (scarce, needed) = places[lacking];
                    var there = scarce.Free(now) + scarce.FreeElsewhere;
                    isAgain = waited && isAnswered && (round > MaxRounds || needed > there);
                    if (isAgain && (now >= idleUntil || needed > there + scarce.IdleElsewhere)) return (Refused(plan, scarce, places, now), null);
                    // Also for what is there: it would be given back, and the request would go from one meter to the other.
                    waiting = places;
                    foreach (var (meter, amount) in places) meter.Wait(amount);
                }
                else
                {
                    waiting = null;
                }
                exchange = Exchange();
            }
            try
            {
                // Others have to report before what they give back is there.
                if (isAgain) await Task.Delay(settings.ReportPeriod, time);
                await exchange.WaitAsync(Patience, time);
                isAnswered = true;
            }
            catch (Exception)
            {
                // The exchange has counted its failure.
                isAnswered = false;
                if (NowTicks >= until)
                {
                    GiveUp(waiting);
                    return (Unavailable, null);
                }
                await Task.Delay(Pause, time);
            }
        }
    }

    /// <summary>Settles, and ends when the tenant has stored it.</summary>
    public Task SettleAsync(TenantReservation reservation, int promptTokens, int outputTokens)
    {
        lock (_gate)
        {
            _usedTicks = NowTicks;
            return reservation.Settle(promptTokens, outputTokens) ? Exchange() : (_later ??= New()).Task;
        }
    }

    /// <summary>Charges what was reserved by a silo that is gone, and ends when the tenant has stored it; false when this share is closed.</summary>
    public async Task<bool> ChargeAsync(TenantSettlement settlement)
    {
        var isCharged = false;
        while (true)
        {
            Task exchange;
            lock (_gate)
            {
                if (_closed) return false;
                var now = _usedTicks = NowTicks;
                if (now < _planUntilTicks)
                {
                    if (isCharged || _plan is not { } plan) return true;
                    var places = Places(plan, settlement.Request);
                    isCharged = Array.TrueForAll(places, p => p.Meter.Has(0, now));
                    foreach (var (meter, _) in places)
                    {
                        // Of which window it is, only the tenant can say.
                        if (isCharged) meter.Charge(plan.Amount(meter.Key.Kind, settlement.Request.Model, settlement.PromptTokens, settlement.OutputTokens));
                        else meter.Look();
                    }
                }
                exchange = Exchange();
            }
            await exchange;
        }
    }

    /// <summary>Reports what there is to report. False when the share has had no use for long and is closed.</summary>
    public bool Tick()
    {
        lock (_gate)
        {
            var now = NowTicks;
            foreach (var meter in _meters.Values) meter.EndPeriod();
            var isRenewal = now - _exchangedTicks >= settings.Lease.Ticks / 3 && _meters.Values.Any(m => m.IsInUse);
            if (_later is not null || _unacked is not null || isRenewal || _meters.Values.Any(m => m.HasNews))
            {
                _ = Report();
                return true;
            }
            _closed = !_pumping && now - _usedTicks > Idle.Ticks && !_meters.Values.Any(m => m.IsInUse);
            return !_closed;
        }
    }

    /// <summary>Reports everything and gives back all leases: the silo stops.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var meter in _meters.Values) meter.Close();
            return Report();
        }
    }

    /// <summary>An exchange that those wait for who have time; under the lock.</summary>
    private Task Report()
    {
        var exchange = Exchange();
        if (_later is { } later) _ = ForwardAsync(exchange, later);
        _later = null;
        return exchange;
    }

    /// <summary>An exchange that begins after this call; under the lock.</summary>
    private Task Exchange()
    {
        _next ??= New();
        if (!_pumping)
        {
            _pumping = true;
            // Not on the scheduler of the grain that happens to call.
            _ = Task.Run(PumpAsync);
        }
        return _next.Task;
    }

    private async Task PumpAsync()
    {
        while (true)
        {
            TaskCompletionSource waiting;
            LeaseRequest? again;
            lock (_gate)
            {
                if (_next is null)
                {
                    _pumping = false;
                    return;
                }
                (waiting, _next, again) = (_next, null, _unacked);
            }
            try
            {
                if (again is not null) await SendAsync(again);
                await SendAsync(Collect());
                waiting.SetResult();
            }
            catch (Exception e)
            {
                TenancyMetrics.FailedExchanges.Add(1);
                lock (_gate) _aloneSinceTicks ??= NowTicks;
                waiting.SetException(e);
                // Nobody may be waiting.
                _ = waiting.Task.Exception;
            }
        }
    }

    private LeaseRequest Collect()
    {
        lock (_gate)
        {
            var now = NowTicks;
            return _unacked = new()
            {
                Silo = silo,
                Sequence = ++_sequence,
                KnownVersion = _plan?.Version ?? -1,
                Meters = [.. _meters.Values.Where(m => m.IsInUse).Select(m => m.Report(now))],
            };
        }
    }

    private async Task SendAsync(LeaseRequest request)
    {
        var sent = NowTicks;
        var answer = await grain.Lease(request).WaitAsync(CallTimeout, time);
        TenancyMetrics.Exchanges.Add(1);
        lock (_gate)
        {
            _unacked = null;
            _exchangedTicks = sent;
            if (_aloneSinceTicks is not null)
            {
                _aloneSinceTicks = null;
                foreach (var meter in _meters.Values) meter.EndAlone();
            }
            _planUntilTicks = sent + answer.ValidFor.Ticks;
            if (answer.Version == 0) _plan = null;
            else if (answer.Spec is { } spec) _plan = new(answer.Version, spec);
            foreach (var grant in answer.Meters) _meters[grant.Key].Apply(grant, sent);
        }
    }

    private void GiveUp((MeterLease Meter, long Amount)[]? waiting)
    {
        lock (_gate)
        {
            foreach (var (meter, amount) in waiting ?? []) meter.StopWaiting(amount);
        }
    }

    private void GoOnAlone(TenantPlan plan, (MeterLease Meter, long Amount)[] places, long now)
    {
        foreach (var (meter, _) in places)
        {
            if (plan.LimitOf(meter.Key) is { } limit) meter.GoOnAlone(limit, now, Math.Max(1, silos()));
        }
    }

    private (MeterLease Meter, long Amount)[] Places(TenantPlan plan, TenantRequest request) =>
        [.. plan.MetersOf(request.Project, request.KeyId).Select(key => (Meter(key), plan.Amount(key.Kind, request.Model, request.PromptTokens, request.OutputTokens)))];

    private MeterLease Meter(MeterKey key) => _meters.TryGetValue(key, out var meter) ? meter : _meters[key] = new(key);

    private TenantReservation Take(TenantPlan plan, TenantRequest request, (MeterLease Meter, long Amount)[] places) =>
        new(this, plan, request, [.. places.Select(p => new ReservedAmount(p.Meter, p.Meter.Take(p.Amount), p.Amount))]);

    private static TenantVerdict Granted((MeterLease Meter, long Amount)[] places, long now) => Rates(places, now, taken: true) with { Status = TenantVerdictStatus.Granted };

    private static TenantVerdict Refused(TenantPlan plan, MeterLease meter, (MeterLease Meter, long Amount)[] places, long now) => Rates(places, now, taken: false) with
    {
        Status = TenantVerdictStatus.Refused,
        Limit = meter.Key,
        Allowed = plan.Allowed(meter.Key),
        RetryAfter = meter.RetryAfter,
    };

    private static TenantVerdict Rates((MeterLease Meter, long Amount)[] places, long now, bool taken)
    {
        RateView? requests = null, tokens = null;
        foreach (var (meter, amount) in places)
        {
            if (meter.Limit is not { } limit) continue;
            var remaining = Math.Clamp(meter.Free(now) + meter.FreeElsewhere - (taken ? amount : 0), 0, limit);
            if (meter.Key.Kind == LimitKind.RequestsPerSecond && (requests is null || remaining < requests.Remaining)) requests = new(limit, remaining);
            if (meter.Key.Kind is LimitKind.TokensPerMinute or LimitKind.TokensPerDay && (tokens is null || remaining < tokens.Remaining)) tokens = new(limit, remaining);
        }
        return new() { Requests = requests, Tokens = tokens };
    }

    private static async Task ForwardAsync(Task from, TaskCompletionSource to)
    {
        try
        {
            await from;
            to.SetResult();
        }
        catch (Exception e)
        {
            to.SetException(e);
            _ = to.Task.Exception;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
