using InferMesh.Simulator.Calibration;

namespace InferMesh.Simulator.Service;

/// <summary>
/// Iteration-level continuous batching (Orca, OSDI 2022) with chunked prefill (Sarathi-Serve, OSDI 2024), KV blocks of 16 tokens
/// (PagedAttention, SOSP 2023), reuse of prompt blocks and preemption by recomputation, as vLLM schedules.
/// </summary>
/// <remarks>
/// Every step serves running sequences first, oldest first: one token each, or the next chunk of a prompt, under one token budget. Then waiting
/// ones are admitted, first come first served, while budget, sequences and blocks allow, and none in a step that preempted. Steps in
/// which nothing but token counts would change are taken in one event, with the same times to the nanosecond; whatever comes in meanwhile cuts the run at the end of the
/// step in flight. Vision and speech requests are prompts and outputs of their equivalent tokens.
/// </remarks>
public sealed partial class ContinuousEngine : INodeEngine
{
    private readonly Dictionary<int, Sequence> _byId = [];
    private readonly List<Sequence> _running = [];
    private readonly SequenceQueue _queue = new();
    private readonly Stack<Sequence> _spare = new();
    private readonly BlockPool _pool;
    private readonly IStepTime _stepTime;
    private readonly int _maxTokens;
    private readonly int _maxSequences;
    private readonly bool _reuse;
    private readonly bool _reserve;
    private StepRun _run;
    private bool _inFlight;
    private bool _blocked;
    private long _busyNs;

    /// <summary>Makes an empty engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public ContinuousEngine(EngineProfile profile, EngineSettings settings)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(settings);
        if (!(settings.KvFraction is > 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(settings), settings.KvFraction, "The share of KV blocks is more than 0 and at most 1.");

        Profile = settings.SliceFraction < 1 ? profile.Slice(settings.SliceFraction) : profile;
        _stepTime = Profile.StepTime;
        _maxTokens = settings.MaxBatchedTokens ?? Profile.MaxBatchedTokens;
        _maxSequences = settings.MaxSequences ?? Profile.MaxSequences;
        var blocks = (int)((settings.KvBlocks ?? Profile.KvBlocks) * settings.KvFraction);
        ArgumentOutOfRangeException.ThrowIfLessThan(_maxTokens, 1, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfLessThan(_maxSequences, 1, nameof(settings));
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1, nameof(settings));
        _reuse = settings.PrefixCache;
        _reserve = settings.ReserveWholePrompt;
        _pool = new BlockPool(blocks, _reuse, settings.KvEvents);
    }

    /// <summary>Timing and limits, of the slice where there is one.</summary>
    public EngineProfile Profile { get; }

    /// <inheritdoc/>
    public long NextNs { get; private set; } = long.MaxValue;

    /// <inheritdoc/>
    public long BlocksInUse => _pool.InUse;

    /// <summary>KV blocks of the whole cache.</summary>
    public int TotalBlocks => _pool.Total;

    /// <summary>Requests that were preempted so far, each time counted.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Prompt tokens that were found in the prefix cache so far.</summary>
    public long ReusedTokens { get; private set; }

    /// <summary>Steps computed so far.</summary>
    public long Steps { get; private set; }

    /// <inheritdoc/>
    public bool Submit(in SimRequest request, long nowNs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.PromptTokens, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfLessThan(request.OutputTokens, 1, nameof(request));
        if (BlockPool.For((long)request.PromptTokens + request.OutputTokens - 1) > _pool.Total)
            return false;

        var sequence = _spare.Count > 0 ? _spare.Pop() : new Sequence();
        sequence.Reset(request, nowNs + Profile.IngressNs);
        if (!_byId.TryAdd(request.Id, sequence))
            throw new ArgumentException($"Request {request.Id} is here already.", nameof(request));

        _queue.AddLast(sequence);
        if (!_inFlight)
            NextNs = Math.Min(NextNs, sequence.ReadyNs);
        else if (!_blocked)
            Cut(sequence.ReadyNs);
        return true;
    }

    /// <inheritdoc/>
    public bool Cancel(int request, long nowNs)
    {
        if (!_byId.Remove(request, out var sequence))
            return false;

        if (sequence.Running ? _running.Remove(sequence) : _fetching.Remove(sequence))
        {
            Release(sequence);
            _spare.Push(sequence);
        }
        else
        {
            // It stays in the queue until it comes to the head: removing from the middle would cost a scan.
            sequence.Cancelled = true;
        }

        RoomChanged(nowNs);
        return true;
    }

    /// <inheritdoc/>
    public void Advance(long nowNs, IEngineEvents events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var restPs = 0L;
        if (_inFlight)
        {
            restPs = _run.RestAfterPs;
            Complete(events);
        }

        Schedule(nowNs, restPs, events);
    }

    /// <inheritdoc/>
    public EngineReading Read(long nowNs)
    {
        var blocks = _pool.InUse;
        if (_inFlight && _run.Steps > 1)
            blocks += BlocksToGrow(Math.Min(_run.StepsDone(nowNs), _run.Steps - 1));
        return new EngineReading(nowNs, _running.Count, _byId.Count - _running.Count, (double)blocks / _pool.Total);
    }

    /// <inheritdoc/>
    public void Crash(long nowNs, List<int> lost)
    {
        ArgumentNullException.ThrowIfNull(lost);
        foreach (var sequence in _running)
            lost.Add(sequence.Request.Id);
        for (var i = 0; i < _queue.Count; i++)
        {
            if (!_queue[i].Cancelled)
                lost.Add(_queue[i].Request.Id);
        }

        foreach (var sequence in _fetching)
            lost.Add(sequence.Request.Id);
        lost.AddRange(_held.Keys.Order());

        if (_inFlight)
            _busyNs += nowNs - _run.StartNs;
        _byId.Clear();
        _fetching.Clear();
        _held.Clear();
        _running.Clear();
        _queue.Clear();
        _pool.Clear();
        (_inFlight, _blocked, NextNs) = (false, false, long.MaxValue);
    }

    /// <inheritdoc/>
    public double BusySeconds(long nowNs) => (_busyNs + (_inFlight ? Math.Min(nowNs, NextNs) - _run.StartNs : 0)) * 1e-9;

    private void Cut(long atNs)
    {
        if (_run.Steps == 1)
            return;

        _run.Steps = _run.StepsUntil(atNs);
        NextNs = _run.EndNs(_run.Steps);
    }

    private Sequence? Head()
    {
        while (_queue.Count > 0)
        {
            if (!_queue[0].Cancelled)
                return _queue[0];

            _spare.Push(_queue[0]);
            _queue.RemoveFirst();
        }

        return null;
    }

    private void Release(Sequence sequence)
    {
        _pool.Release(sequence.Request.Prefix.Span[..sequence.Shared]);
        _pool.Give(sequence.Blocks - sequence.Shared);
        (sequence.Blocks, sequence.Shared, sequence.Computed, sequence.Running) = (0, 0, 0, false);
    }
}
