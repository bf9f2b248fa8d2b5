using System.Diagnostics.Metrics;

namespace InferMesh.ServiceDefaults.Telemetry;

/// <summary>Times of grain calls in seconds: Orleans measures them in milliseconds, which no other metric here is in.</summary>
internal sealed class GrainCallMetrics : IDisposable
{
    private readonly MeterListener _listener = new();

    public GrainCallMetrics(IMeterFactory factory)
    {
        var duration = factory.Create("InferMesh.GrainCalls").CreateHistogram(
            "infermesh.grain.call.duration", "s", "Time of a grain call as its caller sees it.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Microsoft.Orleans" && instrument.Name.Replace('.', '-') == "orleans-app-requests-latency") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, milliseconds, _, _) => duration.Record(milliseconds / 1000));
        _listener.SetMeasurementEventCallback<long>((_, milliseconds, _, _) => duration.Record(milliseconds / 1000d));
        _listener.SetMeasurementEventCallback<int>((_, milliseconds, _, _) => duration.Record(milliseconds / 1000d));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();
}
