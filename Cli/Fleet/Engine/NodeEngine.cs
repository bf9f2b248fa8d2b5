using InferMesh.Simulator.World;

namespace InferMesh.Cli.Fleet.Engine;

/// <summary>
/// Runs one node's <see cref="ContinuousBatch"/> in real time. A step's results appear when the step's duration has passed on the node's own
/// virtual clock; a step shorter than the timer's resolution is not waited for alone, so the clock never drifts.
/// </summary>
internal sealed class NodeEngine
{
    /// <summary>Timers fire at millisecond grain: a shorter wait is carried over to the next step.</summary>
    private static readonly TimeSpan TimerResolution = TimeSpan.FromMilliseconds(1);

    /// <summary>How far the virtual clock may lag before the debt is forgiven: a suspended process must not answer in a burst.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly ContinuousBatch _batch;
    private readonly Dictionary<long, Generation> _active = [];
    private readonly ModelMetrics[] _metrics;
    private readonly TimeProvider _time;
    private readonly double _timeScale;
    private readonly AsyncSignal _wake = new();
    private readonly NodeModeSwitch _mode;
    private readonly List<Generation> _toNotify = [];
    private long _nextId;

    public NodeEngine(GpuProfile profile, IReadOnlyList<string> models, double timeScale, NodeModeSwitch mode, TimeProvider time)
    {
        _batch = new ContinuousBatch(profile);
        _metrics = [.. models.Select(static model => new ModelMetrics(model))];
        _timeScale = timeScale;
        _mode = mode;
        _time = time;
    }

    public int Running { get { lock (_gate) return _batch.Running; } }

    public int Waiting { get { lock (_gate) return _batch.Waiting; } }

    /// <summary>Share of KV blocks in use, 0 to 1.</summary>
    public double KvUsage { get { lock (_gate) return _batch.KvUsage; } }

    /// <summary>Requests that ended with all their tokens.</summary>
    public long Served { get; private set; }

    /// <summary>Times the engine fell more than <see cref="MaxLag"/> behind and gave the lost time up.</summary>
    public long Stalls { get; private set; }

    /// <summary>The greater of the KV share that is promised and the share of sequence slots in use; 1 while requests wait.</summary>
    public double Load
    {
        get
        {
            lock (_gate)
            {
                return _batch.Waiting > 0
                    ? 1
                    : Math.Max(_batch.KvReserved, (double)_batch.Running / _batch.Profile.MaxConcurrentSequences);
            }
        }
    }

    /// <summary>Queues a request; null when it can never fit the KV cache.</summary>
    public Generation? Submit(int modelIndex, int promptTokens, int outputTokens, bool stopsByItself)
    {
        Generation generation;
        lock (_gate)
        {
            var spec = new SequenceSpec(++_nextId, promptTokens, outputTokens);
            if (_batch.Submit(spec) != SubmitResult.Accepted)
                return null;
            generation = new Generation(spec.Id, modelIndex, promptTokens, outputTokens, stopsByItself, _time.GetTimestamp());
            _active.Add(spec.Id, generation);
        }

        _wake.Signal();
        return generation;
    }

    /// <summary>Ends a generation early and frees its slot and KV blocks at once; nothing when it has ended already.</summary>
    public void Cancel(Generation generation)
    {
        lock (_gate)
        {
            if (!_active.Remove(generation.Id))
                return;
            _batch.Cancel(generation.Id);
            _metrics[generation.ModelIndex].FinishedAbort++;
        }

        generation.End(GenerationState.Cancelled);
        generation.Notify();
    }

    /// <summary>Ends every generation.</summary>
    public void CancelAll()
    {
        Generation[] all;
        lock (_gate)
            all = [.. _active.Values];
        foreach (var generation in all)
            Cancel(generation);
    }

    /// <summary>Shows the metrics of every model and the KV share in one consistent view.</summary>
    public void ReadMetrics(Action<IReadOnlyList<ModelMetrics>, double> reader)
    {
        lock (_gate)
        {
            foreach (var metrics in _metrics)
                metrics.Running = metrics.Waiting = 0;
            foreach (var generation in _active.Values)
            {
                var metrics = _metrics[generation.ModelIndex];
                if (_batch.IsWaiting(generation.Id))
                    metrics.Waiting++;
                else
                    metrics.Running++;
            }

            reader(_metrics, _batch.KvUsage);
        }
    }

    /// <summary>Steps the batch until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.UnsafeRegister(static state => ((AsyncSignal)state!).Signal(), _wake);
        var clock = _time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested)
        {
            await _mode.WaitWhileHangingAsync(cancellationToken);
            var started = clock;
            StepResult step;
            lock (_gate)
            {
                step = _batch.Step();
                ObserveAdmitted(step, started);
            }

            if (step.IsEmpty)
            {
                await _wake.WaitAsync();
                clock = _time.GetTimestamp();
                continue;
            }

            clock += (long)(step.Duration.TotalSeconds * _timeScale * _mode.SlowFactor * _time.TimestampFrequency);
            clock = await CatchUpAsync(clock, cancellationToken);
            Publish(step, clock);
        }
    }

    private async ValueTask<long> CatchUpAsync(long clock, CancellationToken cancellationToken)
    {
        var ahead = _time.GetElapsedTime(_time.GetTimestamp(), clock);
        if (ahead >= TimerResolution)
        {
            var whole = TimeSpan.FromMilliseconds(Math.Floor(ahead.TotalMilliseconds));
            await Task.Delay(whole, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else if (ahead < -MaxLag)
        {
            Stalls++;
            return _time.GetTimestamp();
        }

        return clock;
    }

    private void ObserveAdmitted(in StepResult step, long started)
    {
        foreach (var id in step.Admitted.Span)
        {
            var generation = _active[id];
            var metrics = _metrics[generation.ModelIndex];
            metrics.QueueTime.Observe(Math.Max(0, Seconds(generation.SubmittedTicks, started)));
            metrics.PromptTokens += generation.PromptTokens;
        }
    }

    private void Publish(in StepResult step, long now)
    {
        lock (_gate)
        {
            foreach (var id in step.Tokens.Span)
            {
                // A sequence that was cancelled while its step ran is no longer here: its token has no reader.
                if (_active.TryGetValue(id, out var generation))
                {
                    PublishToken(generation, now);
                    _toNotify.Add(generation);
                }
            }
        }

        // Readers write and flush on this thread, so they are called after the lock is released.
        foreach (var generation in _toNotify)
            generation.Notify();
        _toNotify.Clear();
    }

    private void PublishToken(Generation generation, long now)
    {
        var metrics = _metrics[generation.ModelIndex];
        metrics.GenerationTokens++;
        if (generation.Produced == 0)
        {
            metrics.TimeToFirstToken.Observe(Math.Max(0, Seconds(generation.SubmittedTicks, now)));
        }
        else
        {
            metrics.InterTokenLatency.Observe(Seconds(generation.LastTokenTicks, now));
        }

        generation.LastTokenTicks = now;
        var last = generation.Produced + 1 == generation.OutputTokens;
        if (!last)
        {
            generation.Produce();
            return;
        }

        _active.Remove(generation.Id);
        metrics.EndToEndLatency.Observe(Math.Max(0, Seconds(generation.SubmittedTicks, now)));
        if (generation.StopsByItself)
            metrics.FinishedStop++;
        else
            metrics.FinishedLength++;
        Served++;
        generation.Produce();
        generation.End(GenerationState.Completed);
    }

    private double Seconds(long from, long to) => (double)(to - from) / _time.TimestampFrequency;
}
