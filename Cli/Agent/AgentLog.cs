using InferMesh.Adapters.Probing;
using InferMesh.Cli.Agent.Reporting;

namespace InferMesh.Cli.Agent;

/// <summary>What an agent says about itself: one line per change, none per report.</summary>
internal sealed partial class AgentLog(ILogger logger) : IReporterEvents
{
    private readonly Dictionary<string, string> _failures = new(StringComparer.Ordinal);

    public void Connected(string nodeId, Uri target, TimeSpan? away)
    {
        if (away is { } gap)
            LogReconnected(logger, nodeId, target, gap.TotalSeconds);
        else
            LogConnected(logger, nodeId, target);
    }

    public void Lost(string nodeId, Uri target, string reason) => LogLost(logger, nodeId, target, reason);

    /// <summary>Says that renewed certificates for the API cannot be used.</summary>
    public void TlsFailed(string reason) => LogTlsFailed(logger, reason);

    /// <summary>Says when a source begins to fail and when it answers again. For one reader at a time.</summary>
    public void Observe(NodeReading reading)
    {
        Note("gpu", reading.GpuFailure ?? "");
        foreach (var runtime in reading.Runtimes?.Runtimes ?? [])
            Note($"{runtime.Target.Kind} {runtime.Target.Endpoint}", runtime.Error);
    }

    private void Note(string source, string failure)
    {
        var before = _failures.GetValueOrDefault(source, "");
        _failures[source] = failure;
        if (failure.Length > 0 && before.Length == 0)
            LogFailing(logger, source, failure);
        else if (failure.Length == 0 && before.Length > 0)
            LogAnswering(logger, source);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} reports to {Target}")]
    private static partial void LogConnected(ILogger logger, string node, Uri target);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Node} reports to {Target} again after {Seconds:0.0} s")]
    private static partial void LogReconnected(ILogger logger, string node, Uri target, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Node} does not reach {Target}, trying again: {Reason}")]
    private static partial void LogLost(ILogger logger, string node, Uri target, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The new certificates for the API cannot be used, the old ones serve on: {Reason}")]
    private static partial void LogTlsFailed(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Source} fails: {Failure}")]
    private static partial void LogFailing(ILogger logger, string source, string failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Source} answers again")]
    private static partial void LogAnswering(ILogger logger, string source);
}
