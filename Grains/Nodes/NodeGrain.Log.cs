using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Grains.Nodes;

internal sealed partial class NodeGrain
{
    [LoggerMessage(LogLevel.Information, "Node {Node}: {Command} by {Actor}")]
    private partial void Commanded(string node, string command, string actor);

    [LoggerMessage(LogLevel.Warning, "Node {Node}: telemetry stream failed: {Reason}")]
    private partial void StreamFailed(string node, string reason);

    [LoggerMessage(LogLevel.Warning, "Node {Node}: in quarantine until {Until:O}: {Kind} {Subject}: {Evidence}")]
    private partial void Quarantined(string node, DateTimeOffset until, FaultKind kind, string subject, string evidence);

    [LoggerMessage(LogLevel.Warning, "Node {Node}: its quarantine is in force but not stored: {Reason}")]
    private partial void NotStored(string node, string reason);

    [LoggerMessage(LogLevel.Warning, "Node {Node}: that it is drained is not stored yet: {Reason}")]
    private partial void NotAnnounced(string node, string reason);

    [LoggerMessage(LogLevel.Debug, "Node {Node}: cell {Cell} did not take its summary: {Reason}")]
    private partial void CellMissed(string node, string cell, string reason);
}
