using InferMesh.Cli.Agent.Reporting;

namespace InferMesh.Cli.Agent;

/// <summary>Says how many nodes of a fleet report, instead of a line for each of them.</summary>
internal sealed partial class FleetConnections(int nodes, ILogger logger) : IReporterEvents
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _connected = new(StringComparer.Ordinal);
    private int _told = -1;
    private string _reason = "";
    private Uri? _target;

    public int Connected
    {
        get
        {
            lock (_gate)
                return _connected.Count;
        }
    }

    void IReporterEvents.Connected(string nodeId, Uri target, TimeSpan? away)
    {
        lock (_gate)
        {
            _connected.Add(nodeId);
            _target = target;
        }
    }

    public void Lost(string nodeId, Uri target, string reason)
    {
        lock (_gate)
        {
            _connected.Remove(nodeId);
            (_target, _reason) = (target, reason);
        }
    }

    /// <summary>Says the number when it has changed.</summary>
    public void Tell()
    {
        lock (_gate)
        {
            if (_connected.Count == _told || _target is null)
                return;
            _told = _connected.Count;
            if (_connected.Count == nodes)
                LogAll(logger, nodes, _target);
            else
                LogSome(logger, _connected.Count, nodes, _target, _reason.Length == 0 ? "connecting" : _reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "all {Nodes} synthetic nodes report to {Target}")]
    private static partial void LogAll(ILogger logger, int nodes, Uri target);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Connected} of {Nodes} synthetic nodes report to {Target}: {Reason}")]
    private static partial void LogSome(ILogger logger, int connected, int nodes, Uri target, string reason);
}
