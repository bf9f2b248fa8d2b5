namespace InferMesh.Cli.Fleet;

/// <summary>How a node behaves.</summary>
internal enum NodeMode
{
    /// <summary>Serves.</summary>
    Ok,

    /// <summary>Drops every connection, those in use included.</summary>
    Fail,

    /// <summary>Accepts and never answers until released or the client leaves; streams freeze.</summary>
    Hang,

    /// <summary>Serves, every step lasting longer by a factor.</summary>
    Slow,

    /// <summary>Answers generation requests with a fixed status and Retry-After.</summary>
    Status,
}

/// <summary>A mode and its parameters.</summary>
/// <param name="Mode">The behaviour.</param>
/// <param name="SlowFactor">Multiplies the duration of each step in <see cref="NodeMode.Slow"/>; 1 to 1000.</param>
/// <param name="StatusCode">Answer in <see cref="NodeMode.Status"/>; 400 to 599.</param>
/// <param name="RetryAfterSeconds">Retry-After in <see cref="NodeMode.Status"/>; 0 to 3600.</param>
internal sealed record NodeModeSetting(NodeMode Mode, double SlowFactor = 1, int StatusCode = 503, int RetryAfterSeconds = 1)
{
    public static NodeModeSetting Ok { get; } = new(NodeMode.Ok);
}

/// <summary>Holds a node's mode; thread safe.</summary>
internal sealed class NodeModeSwitch
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _released;
    private volatile NodeModeSetting _current = NodeModeSetting.Ok;

    public NodeModeSetting Current => _current;

    public double SlowFactor => _current is { Mode: NodeMode.Slow } slow ? slow.SlowFactor : 1;

    public void Set(NodeModeSetting setting)
    {
        TaskCompletionSource? release = null;
        lock (_gate)
        {
            _current = setting;
            if (setting.Mode == NodeMode.Hang)
                _released ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            else
                (release, _released) = (_released, null);
        }

        release?.TrySetResult();
    }

    /// <summary>Returns when the node does not hang, or when the caller gives up (without throwing).</summary>
    public async ValueTask WaitWhileHangingAsync(CancellationToken cancellationToken)
    {
        while (_current.Mode == NodeMode.Hang && !cancellationToken.IsCancellationRequested)
        {
            Task? released;
            lock (_gate)
                released = _released?.Task;
            if (released is not null)
                await released.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
