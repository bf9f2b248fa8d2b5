using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace InferMesh.Silo.Storage;

/// <summary>What grain storage costs.</summary>
internal sealed class StorageMetrics
{
    public const string MeterName = "InferMesh.Storage";

    private readonly Histogram<double> _duration;
    private readonly Histogram<int> _batch;

    public StorageMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _duration = meter.CreateHistogram<double>("infermesh.storage.operation.duration", "s", "Time of one grain storage operation.");
        _batch = meter.CreateHistogram<int>("infermesh.storage.batch.size", "{write}", "Writes that shared one commit to disk.");
    }

    public void Operation(string operation, string outcome, TimeSpan duration) =>
        _duration.Record(duration.TotalSeconds, new TagList { { "operation", operation }, { "outcome", outcome } });

    public void Batch(int writes) => _batch.Record(writes);
}
