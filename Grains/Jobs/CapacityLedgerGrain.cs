using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Jobs;

/// <summary>Claims of one cell as they are stored.</summary>
[GenerateSerializer, Alias("infermesh.LedgerState")]
internal sealed class LedgerState
{
    [Id(0)] public List<CapacityClaim> Claims { get; set; } = [];

    /// <summary>Nodes that serving wants, and until when.</summary>
    [Id(1)] public Dictionary<string, DateTimeOffset> Wanted { get; set; } = [];
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
    private LedgerBook _book = new([], new Dictionary<string, DateTimeOffset>());
    private LedgerListing _stored = new([], new Dictionary<string, DateTimeOffset>());
    private int _asked;

    public CapacityLedgerGrain([PersistentState("capacity-ledger")] IPersistentState<LedgerState> state, TimeProvider time, ILogger<CapacityLedgerGrain> logger)
    {
        (_state, _time, _logger) = (state, time, logger);
        _writer = new(WriteAsync);
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _book = new(_state.State.Claims, _state.State.Wanted);
        _stored = new([.. _state.State.Claims], _book.Wanted);
        this.RegisterGrainTimer(AskAsync, new GrainTimerCreationOptions(AskPeriod, AskPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public async Task<ClaimResult> Claim(CapacityClaim claim)
    {
        var expired = _book.Expire(_time.GetUtcNow());
        var reason = _book.Take(claim, _time.GetUtcNow());
        if (reason.Length == 0 || expired) await StoreAsync();
        JobMetrics.Claimed(reason.Length == 0);
        return new(reason.Length == 0, reason);
    }

    public async Task<bool> Confirm(string claim)
    {
        var kept = _book.Confirm(claim, _time.GetUtcNow(), out var changed);
        // Kept is what is stored: the write of an earlier call may still hang.
        if (changed || (kept && !_stored.Claims.Any(c => c.Claim == claim && c.Confirmed))) await StoreAsync();
        return kept;
    }

    public async Task Release(string claim)
    {
        if (_book.Release(claim)) await StoreAsync();
    }

    public async Task<IReadOnlyList<CapacityClaim>> Reclaim(string node, DateTimeOffset by)
    {
        var reclaimed = _book.Reclaim(node, by);
        await StoreAsync();
        return reclaimed;
    }

    // Only what is stored is shown: nobody plans with what a crash would take back.
    public Task<LedgerListing> List() => Task.FromResult(_stored);


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
        var wanted = _book.Wanted;
        _state.State = new() { Claims = [.. claims], Wanted = new(wanted) };
        await _state.WriteStateAsync();
        _stored = new(claims, wanted);
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
