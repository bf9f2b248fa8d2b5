using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Experiments;
using InferMesh.Grains.Options;
using InferMesh.Grains.Recording;
using InferMesh.Grains.Routing.Shadows;
using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Scoring;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Routing;

/// <summary>
/// What this silo has in flight. A reservation counts on its target until it is settled or its lease ends: a client that never
/// reports leaks nothing. Its id names the silo, so that any silo can find the owner; the rest of it is random, so that nobody ends what another one was given.
/// </summary>
internal sealed class ReservationLedger : IDisposable
{
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, Reservation> _open = new();
    private readonly TimeProvider _time;
    private readonly StrategyFeedback _feedback;
    private readonly DecisionRecording? _recording;
    private readonly TimeSpan _lease;
    private readonly string _silo;
    private readonly ITimer _sweeper;

    public ReservationLedger(ILocalSiloDetails silo, TimeProvider time, IOptions<RoutingSettings> settings, StrategyFeedback feedback, DecisionRecording? recording = null)
    {
        _silo = silo.SiloAddress.ToParsableString();
        _time = time;
        (_feedback, _recording) = (feedback, recording);
        _lease = settings.Value.ReservationLease;
        _sweeper = time.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
    }

    /// <summary>A place on a target of this model came back.</summary>
    public event Action<string>? Freed;

    /// <summary>A node answered a request, or failed to.</summary>
    public event Action<string, bool>? Answered;

    public int Open => _open.Count;

    /// <summary>What each tenant has had.</summary>
    public ServiceAccount Service { get; } = new();

    /// <summary>An id for a decision; it reserves nothing.</summary>
    public string NewId() => Id(RandomNumber());

    /// <summary>Reserves one place on the first choice.</summary>
    /// <param name="decision">A routed decision.</param>
    /// <param name="request">The request.</param>
    /// <param name="shadow">What another strategy is asked about when the request has ended; null for nothing.</param>
    /// <param name="recorded">Its number in the recording; -1 when it is not recorded.</param>
    /// <param name="trial">The arm of the experiment that it takes part in; null for none.</param>
    public string Reserve(Decision decision, RoutingRequest request, ShadowCase? shadow = null, long recorded = -1, ArmRequest? trial = null)
    {
        using var turn = Hold();
        var now = _time.GetUtcNow().UtcTicks;
        var first = decision.Choices[0];
        var quotas = decision.Policy.Quotas.Count == 0 ? [] : decision.Policy.Quotas.Select(q => q.InFlight).ToArray();
        var reservation = new Reservation(decision.Choices, quotas, request, now + _lease.Ticks)
        {
            On = first,
            Strategy = decision.Strategy,
            Shadow = shadow,
            Recorded = recorded,
            Attempt = _feedback.Dispatched(decision.Policy.Strategy, request, first, now),
            Trial = trial is not { } entered ? null : ArmTrial.Begin(entered, first, _feedback.PricePerHour(request.Model, first), now, request.Again),
        };
        first.Local.Dispatch(now, first.Terms.PrefillSeconds);
        foreach (var quota in quotas) quota.Dispatch(now, 0);
        Service.Charge(request.Tenant, reservation.ExpectedService, now);
        var number = RandomNumber();
        while (!_open.TryAdd(number, reservation)) number = RandomNumber();
        RoutingMetrics.OpenReservations.Add(1);
        return Id(number);
    }

    /// <summary>Settles; true when it was open, and of the tenant that the outcome is limited to. Without an outcome nobody learns from it.</summary>
    public bool Settle(long number, RouteOutcome? outcome = null)
    {
        if (!_open.TryGetValue(number, out var reservation) || (outcome?.Tenant is { } tenant && tenant != reservation.Tenant)) return false;
        if (!_open.TryRemove(KeyValuePair.Create(number, reservation))) return false;
        RoutingMetrics.OpenReservations.Add(-1);
        Release(reservation, outcome);
        Freed?.Invoke(reservation.Model);
        return true;
    }

    /// <summary>Moves the place to another choice of the decision, since the attempt failed; true when it was open and the node is one of them.</summary>
    public bool Move(long number, string nodeId)
    {
        if (Find(number, nodeId) is not var (reservation, to)) return false;
        var now = _time.GetUtcNow().UtcTicks;
        using (Hold())
            lock (reservation)
            {
                // Settled in between: there is nothing to move.
                if (reservation.On is not { } on) return false;
                var copy = reservation.Copy;
                reservation.Copy = null;
                reservation.Trial?.Moved(to, _feedback.PricePerHour(reservation.Model, to), now);
                if (copy is not null && to.Identity.NodeId == on.Identity.NodeId)
                {
                    copy.Local.Settle(now);
                    return true;
                }
                on.Local.Settle(now);
                if (copy is null) Answered?.Invoke(on.Identity.NodeId, true);
                if (reservation.Attempt is { } attempt)
                {
                    // A first attempt that was only slower than its copy has not failed.
                    if (copy is null) StrategyFeedback.Failed(attempt, now);
                    reservation.Attempt = _feedback.Dispatched(attempt.Strategy, attempt.Request, to, now);
                }
                if (copy?.Identity.NodeId != to.Identity.NodeId)
                {
                    copy?.Local.Settle(now);
                    to.Local.Dispatch(now, to.Terms.PrefillSeconds);
                }
                reservation.On = to;
            }
        Freed?.Invoke(reservation.Model);
        return true;
    }

    /// <summary>Reserves a second place, for a copy of the request; true when the reservation was open, had none and the node is one of its choices.</summary>
    public bool Hedge(long number, string nodeId)
    {
        if (Find(number, nodeId) is not var (reservation, to)) return false;
        using (Hold())
            lock (reservation)
            {
                if (reservation.On is not { } on || reservation.Copy is not null || on.Identity.NodeId == nodeId) return false;
                var now = _time.GetUtcNow().UtcTicks;
                to.Local.Dispatch(now, to.Terms.PrefillSeconds);
                reservation.Copy = to;
                reservation.Trial?.Copied(to, _feedback.PricePerHour(reservation.Model, to), now);
            }
        return true;
    }

    /// <summary>Begins the lease of an open reservation anew.</summary>
    public void Renew(long number)
    {
        if (_open.TryGetValue(number, out var reservation)) reservation.Renew(_time.GetUtcNow().UtcTicks + _lease.Ticks);
    }

    private (Reservation Reservation, Choice To)? Find(long number, string nodeId) =>
        _open.TryGetValue(number, out var reservation) && reservation.Choices.FirstOrDefault(c => c.Identity.NodeId == nodeId) is { } to ? (reservation, to) : null;

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

    private static long RandomNumber()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToInt64(bytes);
    }

    // Before the lock of a reservation, and around no event that decides: a decision waits for its turn as well.
    private DecisionRecording.Turn Hold() => _recording is null ? default : _recording.Hold();

    private string Id(long number) => string.Create(CultureInfo.InvariantCulture, $"{number:x}-{_silo}");

    private void Release(Reservation reservation, RouteOutcome? outcome)
    {
        using var turn = Hold();
        var now = _time.GetUtcNow().UtcTicks;
        lock (reservation)
        {
            reservation.On?.Local.Settle(now);
            reservation.Copy?.Local.Settle(now);
            if (outcome is { Status: OutcomeStatus.Success or OutcomeStatus.Error or OutcomeStatus.Timeout } && reservation.AnsweredBy(outcome.NodeId) is { } by)
            {
                var failed = outcome.Status != OutcomeStatus.Success;
                if (!failed) by.Local.Answered(now);
                if (!failed && outcome.TtftMs is > 0 and { } ttft) DecisionMetrics.Predicted(reservation.Strategy, by.Terms.TimeToFirstTokenSeconds, ttft / 1000);
                // Who speaks for one tenant could shut out nodes of all others with made-up failures.
                if (outcome.Tenant is null) Answered?.Invoke(by.Identity.NodeId, failed);
            }
            reservation.On = reservation.Copy = null;
            reservation.Trial?.Ended(outcome, now);
            if (outcome is not null && reservation.AttemptOn(outcome.NodeId) is { } attempt) StrategyFeedback.Completed(attempt, outcome, now);
        }
        foreach (var quota in reservation.Quotas) quota.Settle(now);
        _recording?.Ended(reservation.Recorded, outcome, now);
        // A request that got nothing cost next to nothing; an answer whose length nobody knows stays as it was estimated.
        var output = outcome is { Status: OutcomeStatus.Error or OutcomeStatus.Rejected } ? 0 : outcome?.OutputTokens;
        reservation.Shadow?.Ended(outcome, now);
        if (output is { } tokens) Service.Charge(reservation.Tenant, ServiceAccount.Cost(reservation.PromptTokens, tokens) - reservation.ExpectedService, now);
    }

    private void Sweep()
    {
        var now = _time.GetUtcNow().UtcTicks;
        foreach (var (number, reservation) in _open)
        {
            if (reservation.ExpiresAtTicks <= now && Settle(number)) RoutingMetrics.ExpiredReservations.Add(1);
        }
    }

    private sealed class Reservation(IReadOnlyList<Choice> choices, LocalLoad[] quotas, RoutingRequest request, long expiresAtTicks)
    {
        private long _expiresAtTicks = expiresAtTicks;

        public string Model { get; } = request.Model;

        public string Tenant { get; } = request.Tenant;

        /// <summary>Strategy that chose.</summary>
        public string Strategy { get; init; } = "";

        /// <summary>Number of its decision in the recording; -1 when it is not recorded.</summary>
        public long Recorded { get; init; } = -1;

        public int PromptTokens { get; } = request.PromptTokens;

        public double ExpectedService { get; } = ServiceAccount.Cost(request.PromptTokens, request.OutputTokens > 0 ? request.OutputTokens : CostModel.Fallback.OutputTokens);

        public IReadOnlyList<Choice> Choices { get; } = choices;

        public LocalLoad[] Quotas { get; } = quotas;

        public long ExpiresAtTicks => Volatile.Read(ref _expiresAtTicks);

        /// <summary>What another strategy is asked about at the end.</summary>
        public ShadowCase? Shadow { get; init; }

        /// <summary>Where the place is; null once it is settled.</summary>
        public Choice? On { get; set; }

        /// <summary>Where a copy of the request is as long as nobody has answered.</summary>
        public Choice? Copy { get; set; }

        /// <summary>For a request that takes part in an experiment.</summary>
        public ArmTrial? Trial { get; init; }

        /// <summary>For a strategy that learns: what it will be told of.</summary>
        public Attempt? Attempt { get; set; }

        /// <summary>The choice whose node answered; the one that holds the place when the outcome names none.</summary>
        public Choice? AnsweredBy(string nodeId) => nodeId.Length == 0 ? On : Choices.FirstOrDefault(c => c.Identity.NodeId == nodeId);

        public void Renew(long untilTicks) => Volatile.Write(ref _expiresAtTicks, untilTicks);

        /// <summary>The attempt that an outcome is about: a caller that sends requests itself may have taken another choice of the decision without a word.</summary>
        public Attempt? AttemptOn(string nodeId)
        {
            if (Attempt is not { } attempt || nodeId.Length == 0 || attempt.Choice.Identity.NodeId == nodeId) return Attempt;
            return Choices.FirstOrDefault(c => c.Identity.NodeId == nodeId) is { } other ? StrategyFeedback.On(attempt, other) : null;
        }
    }
}
