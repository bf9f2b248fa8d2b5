using System.Diagnostics.Metrics;
using InferMesh.Grains.Models;

namespace InferMesh.Tests.Unit.Grains.Models;

[TestClass, DoNotParallelize]
public sealed class ModelMetricsTests
{
    [TestMethod]
    public void Planned_Models_AreMeasuredUntilTheyAreGone()
    {
        Dictionary<(string Instrument, string? Model), int> seen = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "InferMesh.Models") self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => seen[(instrument.Name, tags[0].Value as string)] = value);
        listener.Start();

        ModelMetrics.Planned([new() { Name = "measured", DesiredReplicas = 3, ReadyReplicas = 2 }]);
        listener.RecordObservableInstruments();
        Assert.AreEqual((3, 2), (seen[("infermesh.model.desired_replicas", "measured")], seen[("infermesh.model.ready_replicas", "measured")]));

        ModelMetrics.Planned([]);
        seen.Clear();
        listener.RecordObservableInstruments();
        Assert.IsEmpty(seen);
    }
}
