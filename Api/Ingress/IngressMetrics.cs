using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace InferMesh.Api.Ingress;

/// <summary>Counters and times of the data plane.</summary>
internal sealed class IngressMetrics
{
    public const string Name = "InferMesh.Ingress";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _failovers;
    private readonly Counter<long> _routeRetries;
    private readonly Counter<long> _lostReports;
    private readonly Counter<long> _droppedHeaders;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _hedgesSuppressed;
    private readonly Counter<long> _retriesSuppressed;
    private readonly Counter<long> _ejections;
    private readonly Counter<long> _endpoints;
    private readonly UpDownCounter<long> _active;
    private readonly Histogram<double> _queueTime;

    public IngressMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(Name);
        // Model calls last from milliseconds to minutes: the default buckets of HTTP end too early.
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 600] };
        _requests = meter.CreateCounter<long>("infermesh.ingress.requests", "{request}", "Requests by outcome and status.");
        _attempts = meter.CreateCounter<long>("infermesh.ingress.attempts", "{attempt}", "Attempts sent to runtimes, by node and result.");
        _failovers = meter.CreateCounter<long>("infermesh.ingress.failovers", "{failover}", "Attempts given up for another target, by reason.");
        _routeRetries = meter.CreateCounter<long>("infermesh.ingress.route_retries", "{try}", "Routing calls that failed and were repeated or given up.");
        _lostReports = meter.CreateCounter<long>("infermesh.ingress.lost_reports", "{report}", "Reservation calls that did not reach a router; the lease ends them.");
        _droppedHeaders = meter.CreateCounter<long>("infermesh.ingress.dropped_headers", "{header}", "Header values of runtimes that HTTP does not allow.");
        _hedges = meter.CreateCounter<long>("infermesh.ingress.hedges", "{hedge}", "Copies sent to a second target: won (the copy answered), wasted (the first target did), failed (neither did).");
        _hedgesSuppressed = meter.CreateCounter<long>("infermesh.ingress.hedges_suppressed", "{hedge}", "Requests without a copy although one may have helped, by reason.");
        _retriesSuppressed = meter.CreateCounter<long>("infermesh.ingress.retries_suppressed", "{retry}", "Attempts that were not made because the retry budget was used up.");
        _ejections = meter.CreateCounter<long>("infermesh.ingress.ejections", "{ejection}", "Nodes left alone for a while after failures, by the last one.");
        _endpoints = meter.CreateCounter<long>("infermesh.ingress.endpoint_requests", "{request}", "Requests by endpoint, model, whether that was the first choice, and outcome.");
        _active = meter.CreateUpDownCounter<long>("infermesh.ingress.active_requests", "{request}", "Requests in progress.");
        _queueTime = meter.CreateHistogram("infermesh.ingress.queue_time", "s", "Time that requests waited for their turn because all targets were full; those that did not wait are not in it.", advice: buckets);
    }

    public void Started() => _active.Add(1);

    public void Ended(string outcome, int status)
    {
        _active.Add(-1);
        _requests.Add(1, new TagList { { "outcome", outcome }, { "http.response.status_code", status } });
    }

    public void EndpointEnded(string endpoint, string model, bool firstChoice, string outcome) =>
        _endpoints.Add(1, new TagList { { "endpoint", endpoint }, { "model", model }, { "first_choice", firstChoice }, { "outcome", outcome } });

    public void Attempted(string node, string result) => _attempts.Add(1, new TagList { { "node", node }, { "result", result } });

    public void FailedOver(string reason) => _failovers.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Hedged(string result) => _hedges.Add(1, new KeyValuePair<string, object?>("result", result));

    public void HedgeSuppressed(string reason) => _hedgesSuppressed.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void RetrySuppressed() => _retriesSuppressed.Add(1);

    public void Ejected(string reason) => _ejections.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void RouteFailed(string error) => _routeRetries.Add(1, new KeyValuePair<string, object?>("error.type", error));

    public void ReportLost(string call) => _lostReports.Add(1, new KeyValuePair<string, object?>("call", call));

    public void Queued(TimeSpan time) => _queueTime.Record(time.TotalSeconds);

    public void HeaderDropped() => _droppedHeaders.Add(1);
}
