using InferMesh.Adapters.Probing;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>
/// Reports one node for as long as it lives, to whichever of its targets answers. Nothing is kept for later: after a gap the mesh gets
/// the newest readings, not those it missed.
/// </summary>
internal sealed class NodeReporter(
    NodeIdentity identity, NodeProbe probe, IReadOnlyList<StatePlaneTarget> targets, ReporterOptions options, IReporterEvents events, TimeProvider time, Random random)
{
    private readonly Backoff _backoff = new(random);
    private long _sequence;
    private long? _lostAt;
    private bool _connected;
    private bool _synthetic = identity.Synthetic;

    public string Id => identity.Node.Id;

    public NodeProbe Probe => probe;

    /// <summary>Round trips of reports: what the cluster took is in them.</summary>
    public RttWindow Rtt { get; } = new();

    /// <summary>Where the node is.</summary>
    public NodeLocation Location { get; } = new(identity.Node.Id, targets, options.PingInterval, time, random);

    /// <summary>Told of every reading before it is sent.</summary>
    public Action<NodeReading>? Observer { get; init; }

    /// <summary>Whether anything invented was ever read.</summary>
    public bool Synthetic => _synthetic;

    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="RegistrationRejectedException">The mesh refuses the node as it is configured.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var measuring = Location.RunAsync(stop.Token);
        try
        {
            await ReportAsync(cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await measuring;
        }
    }

    internal RegisterNodeRequest Registration() => (identity with { Synthetic = _synthetic }).ToRequest();

    internal long NextSequence() => ++_sequence;

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        await probe.FirstReadings.WaitAsync(options.FirstReadingsLimit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _synthetic |= probe.Current().Synthetic;
        for (var turn = 0; !cancellationToken.IsCancellationRequested; turn++)
        {
            var target = targets[turn % targets.Count];
            var end = await new ReportSession(this, target, options, time).RunAsync(cancellationToken);
            if (cancellationToken.IsCancellationRequested)
                return;
            Lost(target, end);
            await Task.Delay(_backoff.Next(), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal void Observe(NodeReading reading)
    {
        _synthetic |= reading.Synthetic;
        Observer?.Invoke(reading);
    }

    internal void Acknowledged(Uri target)
    {
        if (_connected)
            return;
        _connected = true;
        _backoff.Reset();
        events.Connected(Id, target, _lostAt is { } since ? time.GetElapsedTime(since) : null);
    }

    private void Lost(StatePlaneTarget target, SessionEnd end)
    {
        Rtt.Clear();
        var news = _connected || _lostAt is null;
        _connected = false;
        if (!news)
            return;
        _lostAt = time.GetTimestamp();
        events.Lost(Id, target.Address, end.Reason);
    }
}
