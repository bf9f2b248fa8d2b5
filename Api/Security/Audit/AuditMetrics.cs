using System.Diagnostics.Metrics;

namespace InferMesh.Api.Security.Audit;

/// <summary>What the audit saw.</summary>
internal sealed class AuditMetrics
{
    private readonly Counter<long> _denied;
    private readonly Counter<long> _lost;

    public AuditMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("InferMesh.Api.Audit");
        _denied = meter.CreateCounter<long>("infermesh.audit.denied", "{call}", "Calls that were denied, by status; the event log has equal ones once a minute.");
        _lost = meter.CreateCounter<long>("infermesh.audit.lost", "{entry}", "Entries that did not reach the event log, by reason; the log of the API has them.");
    }

    public void Denied(int status) => _denied.Add(1, new KeyValuePair<string, object?>("status", status));

    public void Lost(string reason, int entries = 1) => _lost.Add(entries, new KeyValuePair<string, object?>("reason", reason));
}
