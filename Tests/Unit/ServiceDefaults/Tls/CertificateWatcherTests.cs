using System.Diagnostics.Metrics;
using InferMesh.ServiceDefaults.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.ServiceDefaults.Tls;

[TestClass]
public sealed class CertificateWatcherTests
{
    [TestMethod]
    public void Look_CountsAndLogsEachChangeOnce()
    {
        using var folder = new TlsFolder();
        var source = new CertificateSource("test", folder.Files, TimeProvider.System);
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var metrics = new TlsMetrics(services.GetRequiredService<IMeterFactory>(), [source], TimeProvider.System);
        using var logs = new ListLogger();
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(logs));
        using var watcher = new CertificateWatcher([source], new(), metrics, TimeProvider.System, factory.CreateLogger<CertificateWatcher>());
        var (counted, remaining) = (new List<string>(), 0.0);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, services.GetRequiredService<IMeterFactory>())) l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => counted.Add($"{tags[1].Value}"));
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => remaining = value);
        listener.Start();

        watcher.Look(source);
        File.WriteAllText(folder.CaPath, "broken");
        watcher.Look(source);
        watcher.Look(source);
        File.WriteAllText(folder.CaPath, folder.Pki.Pem);
        folder.Write(folder.Pki.Issue(TlsFolder.Silo, TimeSpan.FromMinutes(10)));
        watcher.Look(source);
        listener.RecordObservableInstruments();

        CollectionAssert.AreEqual(new[] { "failed", "loaded" }, counted);
        Assert.AreEqual(1, logs.Lines.Count(line => line.Level == LogLevel.Error && line.Text.Contains("Test:CaPath", StringComparison.Ordinal)));
        Assert.AreEqual(600, remaining, 60);
    }
}
