using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Jobs;

/// <summary>Claims of one cell as they are stored.</summary>
[GenerateSerializer, Alias("infermesh.LedgerState")]
internal sealed class LedgerState
{
    [Id(0)] public List<CapacityClaim> Claims { get; set; } = [];
}

/// <inheritdoc cref="ICapacityLedgerGrain"/>
/// <remarks>
/// What is stored decides: of two activations, as they may be while a cluster is split, the second to write fails and begins anew. A claim that its holder does not know any more is given back
/// by asking, so that nobody has to remember to do it.
/// </remarks>
[GrainType("capacity-ledger")]
internal sealed partial class CapacityLedgerGrain : Grain, ICapacityLedgerGrain
{
    private const int AskedAtOnce = 64;
    private static readonly TimeSpan AskPeriod = TimeSpan.FromSeconds(5);

    /// <summary>A claim is confirmed before its holder's log says so for the last time: so long it is not asked for it.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private readonly IPersistentState<LedgerState> _state;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CoalescedWriter _writer;
    private readonly ChangeSignal _newer;
    private LedgerBook _book = new([]);
    private LedgerListing _stored = new(0, 0, []);
    private long _incarnation;
    private long _version;
    private int _asked;

    public CapacityLedgerGrain([PersistentState("capacity-ledger")] IPersistentState<LedgerState> state, TimeProvider time, ILogger<CapacityLedgerGrain> logger)
    {
        (_state, _time, _logger) = (state, time, logger);
        _writer = new(WriteAsync);
        _newer = new(time);
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _book = new(_state.State.Claims);
        _incarnation = _time.GetUtcNow().UtcTicks;
        _stored = new(_incarnation, 0, [.. _state.State.Claims]);
        this.RegisterGrainTimer(AskAsync, new GrainTimerCreationOptions(AskPeriod, AskPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _newer.Pulse();
        return Task.CompletedTask;
    }

    public async Task<ClaimResult> Claim(CapacityClaim claim)
    {
        var reason = _book.Take(claim, _time.GetUtcNow());
        if (reason.Length == 0) await StoreAsync();
        JobMetrics.Claimed(reason.Length == 0);
        return new(reason.Length == 0, reason);
    }

    public async Task<bool> Confirm(string claim)
    {
        var kept = _book.Confirm(claim, _time.GetUtcNow(), out var changed);
        if (changed) await StoreAsync();
        return kept;
    }

    public async Task Release(string claim)
    {
        if (_book.Release(claim)) await StoreAsync();
    }

    public async Task<IReadOnlyList<CapacityClaim>> Reclaim(string node, DateTimeOffset by)
    {
        var reclaimed = _book.Reclaim(node, by);
        if (reclaimed.Count > 0) await StoreAsync();
        return reclaimed;
    }

    public Task<LedgerListing> List() => Task.FromResult(Listing());

    public async Task<LedgerListing?> WaitForNewer(long incarnation, long version, TimeSpan wait)
    {
        if (_incarnation == incarnation && _stored.Version == version) await _newer.WaitAsync(wait);
        return _incarnation == incarnation && _stored.Version == version ? null : Listing();
    }

    // Only what is stored is shown: nobody plans with what a crash would take back.
    private LedgerListing Listing() => _stored;

    /// <summary>Many changes share a write; each waits for one that began after it.</summary>
    private async Task StoreAsync()
    {
        try
        {
            await _writer.WriteAsync();
        }
        catch
        {
            // What is in memory is not what is stored: the next activation reads the truth.
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task WriteAsync()
    {
        CapacityClaim[] claims = [.. _book.Claims];
        _state.State = new() { Claims = [.. claims] };
        await _state.WriteStateAsync();
        _stored = new(_incarnation, ++_version, claims);
        _newer.Pulse();
    }

    /// <summary>Asks holders for their claims, some each time, and gives back what nobody knows.</summary>
    private async Task AskAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        try
        {
            if (_book.Expire(now)) await StoreAsync();
            CapacityClaim[] old = [.. _book.Claims.Where(c => c.Kind == ClaimKind.Training && c.Confirmed && now - c.Until > Fresh)];
            for (var i = 0; i < Math.Min(AskedAtOnce, old.Length); i++)
            {
                var claim = old[_asked++ % old.Length];
                if (await GrainFactory.GetGrain<IJobGrain>(claim.Holder).Holds(claim.Claim)) continue;
                if (!_book.Release(claim.Claim)) continue;
                await StoreAsync();
                GivenBack(claim.Claim, claim.Holder);
            }
        }
        catch (Exception e)
        {
            NotAsked(this.GetPrimaryKeyString(), e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Claim {Claim} of {Holder} is given back: its holder does not know it any more")]
    private partial void GivenBack(string claim, string holder);

    [LoggerMessage(LogLevel.Warning, "Holders of claims in cell {Cell} could not be asked, and are asked again: {Reason}")]
    private partial void NotAsked(string cell, string reason);
}
