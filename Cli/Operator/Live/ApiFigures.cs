using InferMesh.Adapters.Runtimes.PrometheusText;

namespace InferMesh.Cli.Operator.Live;

/// <summary>Counters of the data plane of one API, from its metrics page, at one moment.</summary>
internal sealed record ApiFigures
{
    private const string Prefix = "infermesh_ingress_";
    private static readonly string[] ShedStatuses = ["429", "503"];

    private ApiFigures(PrometheusPage page)
    {
        var requests = page.Samples($"{Prefix}requests_total");
        Requests = requests.Sum(static sample => sample.Value);
        Sheds = requests.Where(static sample => ShedStatuses.Contains(sample.Labels["http_response_status_code"])).Sum(static sample => sample.Value);
        Errors = requests.Where(static sample => sample.Labels["http_response_status_code"] is ['5', ..] status && !ShedStatuses.Contains(status)).Sum(static sample => sample.Value);
        Hedges = Total("hedges_total");
        Failovers = Total("failovers_total");
        Active = Total("active_requests");
        Ttft = page.Histogram("gen_ai_server_time_to_first_token_seconds");
        QueueTime = page.Histogram($"{Prefix}queue_time_seconds");

        double Total(string name) => page.Samples(Prefix + name).Sum(static sample => sample.Value);
    }

    public double Requests { get; }

    /// <summary>Requests that were turned away for load: 429 and 503.</summary>
    public double Sheds { get; }

    /// <summary>Requests that failed otherwise: 5xx.</summary>
    public double Errors { get; }

    public double Hedges { get; }

    public double Failovers { get; }

    public double Active { get; }

    public PrometheusHistogram? Ttft { get; }

    public PrometheusHistogram? QueueTime { get; }

    public static ApiFigures Of(string page) => new(PrometheusPage.Parse(page));

    /// <summary>Whether these are of the same process, later: counters do not fall.</summary>
    public bool Follows(ApiFigures earlier) => Requests >= earlier.Requests && Hedges >= earlier.Hedges && Failovers >= earlier.Failovers;
}
