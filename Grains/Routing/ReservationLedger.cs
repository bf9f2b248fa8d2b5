using System.Collections.Concurrent;
using System.Globalization;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Strategies.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// What this silo has in flight. A reservation counts on its target until it is settled or its lease ends: a client that never
/// reports leaks nothing. Its id names the silo, so that any silo can find the owner.
/// </summary>
internal sealed class ReservationLedger : IDisposable
{
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, Reservation> _open = new();
    private readonly TimeProvider _time;
    private readonly StrategyFeedback _feedback;
    private readonly TimeSpan _lease;
    private readonly string _silo;
    private readonly ITimer _sweeper;
    private long _last;

    public ReservationLedger(ILocalSiloDetails silo, TimeProvider time, IOptions<RoutingSettings> settings, StrategyFeedback feedback)
    {
        _silo = silo.SiloAddress.ToParsableString();
        _time = time;
        _feedback = feedback;
        _lease = settings.Value.ReservationLease;
        _sweeper = time.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
    }

    public int Open => _open.Count;

    /// <summary>An id for a decision; it reserves nothing.</summary>
    public string NewId() => Id(Interlocked.Increment(ref _last));

    /// <summary>Reserves one place on the first choice.</summary>
    public string Reserve(Decision decision, RoutingRequest request)
    {
        var number = Interlocked.Increment(ref _last);
        var now = _time.GetUtcNow().UtcTicks;
        var first = decision.Choices[0];
        var quotas = decision.Policy.Quotas.Count == 0 ? [] : decision.Policy.Quotas.Select(q => q.InFlight).ToArray();
        var reservation = new Reservation(decision.Choices, quotas, now + _lease.Ticks)
        {
            On = first.Local,
            Attempt = _feedback.Dispatched(decision.Policy.Strategy, request, first, now),
        };
        first.Local.Dispatch(now, first.Terms.PrefillSeconds);
        foreach (var quota in quotas) quota.Dispatch(now, 0);
        _open[number] = reservation;
        return Id(number);
    }

    /// <summary>Settles; true when it was open. Without an outcome nobody learns from it.</summary>
    public bool Settle(long number, RouteOutcome? outcome = null)
    {
        if (!_open.TryRemove(number, out var reservation)) return false;
        Release(reservation, outcome);
        return true;
    }

    /// <summary>Moves the place to another choice of the decision, since the attempt failed; true when it was open and the node is one of them.</summary>
    public bool Move(long number, string nodeId)
    {
        if (!_open.TryGetValue(number, out var reservation)) return false;
        if (reservation.Choices.FirstOrDefault(c => c.Identity.NodeId == nodeId) is not { } to) return false;
        var now = _time.GetUtcNow().UtcTicks;
        lock (reservation)
        {
            // Settled in between: there is nothing to move.
            if (reservation.On is null) return false;
            reservation.On.Settle(now);
            if (reservation.Attempt is { } failed)
            {
                StrategyFeedback.Failed(failed, now);
                reservation.Attempt = _feedback.Dispatched(failed.Strategy, failed.Request, to, now);
            }
            to.Local.Dispatch(now, to.Terms.PrefillSeconds);
            reservation.On = to.Local;
        }
        return true;
    }

    /// <summary>Takes an id apart; false when it is not one of ours in form.</summary>
    public static bool TryParse(string id, out long number, out SiloAddress? silo)
    {
        silo = null;
        number = 0;
        var at = id.IndexOf('-', StringComparison.Ordinal);
        if (at is < 1 or > 16 || id.Length > 128 || !long.TryParse(id.AsSpan(0, at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)) return false;
        try
        {
            silo = SiloAddress.FromParsableString(id[(at + 1)..]);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            return false;
        }
    }

    public void Dispose() => _sweeper.Dispose();

    private string Id(long number) => string.Create(CultureInfo.InvariantCulture, $"{number:x}-{_silo}");

    private void Release(Reservation reservation, RouteOutcome? outcome)
    {
        var now = _time.GetUtcNow().UtcTicks;
        lock (reservation)
        {
            reservation.On?.Settle(now);
            reservation.On = null;
            if (outcome is not null && reservation.AttemptOn(outcome.NodeId) is { } attempt) StrategyFeedback.Completed(attempt, outcome, now);
        }
        foreach (var quota in reservation.Quotas) quota.Settle(now);
    }

    private void Sweep()
    {
        var now = _time.GetUtcNow().UtcTicks;
        foreach (var (number, reservation) in _open)
        {
            if (reservation.ExpiresAtTicks <= now && Settle(number)) RoutingMetrics.ExpiredReservations.Add(1);
        }
    }

    private sealed class Reservation(IReadOnlyList<Choice> choices, LocalLoad[] quotas, long expiresAtTicks)
    {
        public IReadOnlyList<Choice> Choices { get; } = choices;

        public LocalLoad[] Quotas { get; } = quotas;

        public long ExpiresAtTicks { get; } = expiresAtTicks;

        public LocalLoad? On { get; set; }

        /// <summary>For a strategy that learns: what it will be told of.</summary>
        public Attempt? Attempt { get; set; }

        /// <summary>The attempt that an outcome is about: a caller that sends requests itself may have taken another choice of the decision without a word.</summary>
        public Attempt? AttemptOn(string nodeId)
        {
            if (Attempt is not { } attempt || nodeId.Length == 0 || attempt.Choice.Identity.NodeId == nodeId) return Attempt;
            return Choices.FirstOrDefault(c => c.Identity.NodeId == nodeId) is { } other ? StrategyFeedback.On(attempt, other) : null;
        }
    }
}
