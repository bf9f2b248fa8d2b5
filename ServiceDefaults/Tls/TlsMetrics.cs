using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Certificates of this process and what they are asked for.</summary>
internal sealed class TlsMetrics
{
    public const string MeterName = "InferMesh.Tls";

    private readonly Counter<long> _reloads;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _ended;

    public TlsMetrics(IMeterFactory factory, IEnumerable<CertificateSource> sources, TimeProvider time)
    {
        var meter = factory.Create(MeterName);
        CertificateSource[] all = [.. sources];
        meter.CreateObservableGauge(
            "infermesh.tls.certificate.remaining",
            () => all.Select(source => new Measurement<double>((source.Current.ExpiresAt - time.GetUtcNow()).TotalSeconds, new KeyValuePair<string, object?>("certificate", source.Name))),
            "s",
            "Time until the certificate of this process expires; negative when it has.");
        _reloads = meter.CreateCounter<long>("infermesh.tls.reloads", "{reload}", "Changes of certificate files, by whether they serve now (loaded) or the old ones still do (failed).");
        _refusals = meter.CreateCounter<long>("infermesh.tls.refusals", "{connection}", "Connections that were refused, by place and reason.");
        _ended = meter.CreateCounter<long>("infermesh.tls.ended", "{connection}", "Connections that ended because their peer is trusted no more, by place and reason.");
    }

    public void Reloaded(string certificate, bool loaded) => _reloads.Add(1, new TagList { { "certificate", certificate }, { "outcome", loaded ? "loaded" : "failed" } });

    public void Refused(string place, string reason) => _refusals.Add(1, new TagList { { "place", place }, { "reason", reason } });

    public void Ended(string place, string reason) => _ended.Add(1, new TagList { { "place", place }, { "reason", reason } });
}
