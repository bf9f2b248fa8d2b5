using System.Security.Cryptography;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Options;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Recording;

/// <summary>
/// Records the decisions of this silo, when it is told to. A recorded decision replays bit for bit only if nothing changes while it is made: decisions, counters and what strategies are told take turns
/// then (<see cref="Hold"/>). Without a folder nothing waits for anything. Thread-safe.
/// </summary>
internal sealed partial class DecisionRecording : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromSeconds(1);

    private readonly Lock? _gate;
    private readonly DecisionRecorder? _recorder;
    private readonly RecordingFiles? _files;
    private readonly ITimer? _timer;
    private readonly double _rate;
    private readonly ILogger _logger;
    private double _due;
    private long _countedDecisions, _countedDrops;
    private bool _isDropping;

    public DecisionRecording(IOptions<RecordingSettings> options, TimeProvider time, ILogger<DecisionRecording> logger)
    {
        _logger = logger;
        var settings = options.Value;
        _rate = settings.SampleRate;
        if (settings.Folder.Length == 0) return;
        var recording = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _files = new(settings, recording, time, logger);
        _recorder = new(_files, new(recording, time.GetUtcNow().UtcTicks) { Complete = _rate >= 1, FileBytes = settings.LargestFileBytes, FileAge = settings.MaxAge / 4, BlockBytes = (int)Math.Min(256 << 10, settings.MaxQueuedBytes / 4) });
        _gate = new();
        _timer = time.CreateTimer(_ => Flush(), null, FlushPeriod, FlushPeriod);
    }

    /// <summary>Whether anything is recorded.</summary>
    public bool IsOn => _recorder is not null;

    /// <summary>Whether every decision is, so that what strategies are told is recorded too.</summary>
    public bool IsComplete => IsOn && _rate >= 1;

    /// <summary>Decisions recorded, dropped ones included, and dropped.</summary>
    public (long Decisions, long Dropped) Counts => _recorder is null ? default : (_recorder.Decisions, _recorder.Dropped + _files!.Lost);

    /// <summary>Until it is disposed of, no decision is made and no counter changes on another thread. Costs nothing when nothing is recorded. Enter it before any other lock, and raise no event in it that decides.</summary>
    public Turn Hold() => new(_gate);

    /// <summary>Records a decision, if it is its turn; held. Returns its number, -1 when it is not recorded.</summary>
    public long Decided(RoutingTable table, RoutingRequest request, Decision decision, long nowTicks, ulong sequence, ulong seed)
    {
        if (_recorder is null || !IsDue()) return -1;
        return _recorder.Decided(table, request, decision, nowTicks, sequence, seed);
    }

    /// <summary>A strategy is told that a request is sent; held.</summary>
    public void Sent(IRoutingStrategy strategy, TargetSet targets, RoutingRequest request, TargetIdentity target, long nowTicks)
    {
        if (IsComplete) _recorder!.Sent(strategy, targets, request, target, nowTicks);
    }

    /// <summary>A strategy is told what came of a request; held.</summary>
    public void Learned(IRoutingStrategy strategy, in Outcome outcome)
    {
        if (IsComplete) _recorder!.Learned(strategy, outcome);
    }

    /// <summary>A request has ended; held.</summary>
    public void Ended(long number, RouteOutcome? outcome, long nowTicks)
    {
        if (number < 0) return;
        var status = outcome?.Status switch
        {
            OutcomeStatus.Success => RecordedStatus.Success,
            OutcomeStatus.Error => RecordedStatus.Error,
            OutcomeStatus.Timeout => RecordedStatus.Timeout,
            OutcomeStatus.Rejected => RecordedStatus.Rejected,
            OutcomeStatus.Cancelled => RecordedStatus.Cancelled,
            _ => RecordedStatus.Unknown,
        };
        _recorder!.Ended(new(number, nowTicks, status, outcome?.TtftMs / 1000 ?? double.NaN, outcome?.LatencyMs / 1000 ?? double.NaN, outcome?.PromptTokens ?? 0, outcome?.OutputTokens ?? 0));
    }

    /// <summary>Hands what there is to the disk.</summary>
    public void Flush()
    {
        if (_recorder is null) return;
        using var turn = Hold();
        _recorder.Flush();
        var (decisions, dropped) = Counts;
        RecordingMetrics.Decisions.Add(decisions - _countedDecisions);
        RecordingMetrics.Dropped.Add(dropped - _countedDrops);
        // Once for each time that it begins: a dead disk would fill the log.
        if (dropped > _countedDrops && !_isDropping) BehindDisk(dropped - _countedDrops);
        (_countedDecisions, _countedDrops, _isDropping) = (decisions, dropped, dropped > _countedDrops);
    }

    public async ValueTask DisposeAsync()
    {
        if (_files is null) return;
        await _timer!.DisposeAsync();
        Flush();
        await _files.DisposeAsync();
    }

    /// <summary>The same for a container that does not wait.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    // Evenly: of four decisions at a rate of a quarter exactly one.
    private bool IsDue()
    {
        if (_rate >= 1) return true;
        _due += _rate;
        if (_due < 1) return false;
        _due -= 1;
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "{Decisions} recorded decisions were dropped: the disk was behind or failed. Strategies that learn cannot be replayed beyond the gap.")]
    private partial void BehindDisk(long decisions);

    /// <summary>A turn of one thread.</summary>
    public readonly ref struct Turn
    {
        private readonly Lock? _gate;

        public Turn(Lock? gate)
        {
            _gate = gate;
            gate?.Enter();
        }

        public void Dispose() => _gate?.Exit();
    }
}
