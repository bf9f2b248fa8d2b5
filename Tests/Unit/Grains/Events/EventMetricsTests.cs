using System.Diagnostics.Metrics;
using InferMesh.Grains.Events;

namespace InferMesh.Tests.Unit.Grains.Events;

[TestClass, DoNotParallelize]
public sealed class EventMetricsTests
{
    [TestMethod]
    public void Losses_BeforeTheFirst_AreThereForEachReason()
    {
        EventMetrics.Show();
        var reasons = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, all) =>
            {
                if (instrument.Name == "infermesh.events.dropped") all.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => reasons.Add((string)tags[0].Value!));
        listener.Start();
        listener.RecordObservableInstruments();
        CollectionAssert.AreEquivalent(new[] { "queue_full", "collapsed", "silo_stopped" }, reasons);
    }
}
