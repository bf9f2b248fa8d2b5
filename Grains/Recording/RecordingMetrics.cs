using System.Diagnostics.Metrics;

namespace InferMesh.Grains.Recording;

/// <summary>What a silo records.</summary>
internal static class RecordingMetrics
{
    private static readonly Meter s_meter = new("InferMesh.Recording");

    public static readonly Counter<long> Decisions = s_meter.CreateCounter<long>("infermesh.recording.decisions", "{decision}", "Decisions recorded, dropped ones included.");
    public static readonly Counter<long> Dropped = s_meter.CreateCounter<long>("infermesh.recording.dropped", "{decision}", "Decisions dropped because the disk was behind or failed.");
    public static readonly Counter<long> Bytes = s_meter.CreateCounter<long>("infermesh.recording.size", "By", "Bytes written.");
}
