using System.Diagnostics.Metrics;

namespace InferMesh.Api.Grpc.State;

/// <summary>Counters of the way in.</summary>
internal sealed class ReportMetrics
{
    private readonly Counter<long> _batches;
    private readonly Histogram<double> _publish;

    public ReportMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("InferMesh.StatePlane");
        _batches = meter.CreateCounter<long>("infermesh.state.batches", "{batch}", "Batches of readings by result.");
        _publish = meter.CreateHistogram<double>("infermesh.state.publish.duration", "s", "Time to hand a batch to the cluster.");
    }

    public void Published(TimeSpan duration)
    {
        _batches.Add(1, new KeyValuePair<string, object?>("result", "published"));
        _publish.Record(duration.TotalSeconds);
    }

    public void Refused(string result) => _batches.Add(1, new KeyValuePair<string, object?>("result", result));
}
