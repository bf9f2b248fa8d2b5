using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload.Arrivals;

namespace InferMesh.Simulator.Workload;

/// <summary>
/// The requests of one run, in order of arrival. Equal configuration and seed give equal requests, whoever serves them; of a closed loop and
/// of conversations only the times of later requests depend on the answers. Not thread safe: each run opens its own.
/// </summary>
public sealed class WorkloadSource
{
    private const int MeanSamples = 200_000;

    private readonly IRequestFlow _flow;

    private WorkloadSource(IRequestFlow flow) => _flow = flow;

    /// <summary>Opens the workload of a valid configuration.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="rps">Requests per second, more than 0, after a load (<c>rho</c>) was turned into a rate.</param>
    public static WorkloadSource Open(SimConfig config, double rps)
    {
        ArgumentNullException.ThrowIfNull(config);
        var end = Math.Min(config.Workload.DurationS ?? config.DurationS, config.DurationS);
        return new(new OpenFlow(ArrivalTimes.Open(config, rps), new(config), end));
    }

    /// <summary>Mean tokens of the requests: from a seeded sample of its own.</summary>
    public static WorkloadMeans Means(SimConfig config)
    {
        var shaper = new RequestShaper(config, WorkloadStreams.Means);
        double prompts = 0, outputs = 0;
        for (var i = 0; i < MeanSamples; i++)
        {
            var (_, prompt, output) = shaper.NextWork();
            prompts += prompt;
            outputs += output;
        }

        return new(prompts / MeanSamples, outputs / MeanSamples, ArrivalTimes.RpsAsWritten(config.Workload.Arrival));
    }

    /// <summary>The next arrival that needs no answer first; false when there is none before the end.</summary>
    public bool TryNext(out SimRequest request) => _flow.TryNext(out request);

    /// <summary>Tells that a request was answered (or given up), so that what follows it can be scheduled.</summary>
    /// <param name="request">The request.</param>
    /// <param name="atNs">When, nanoseconds of simulated time.</param>
    /// <param name="schedule">Takes the requests that follow; their times are not before <paramref name="atNs"/>.</param>
    public void Completed(in SimRequest request, long atNs, Action<SimRequest> schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        _flow.Completed(request, atNs, schedule);
    }

    internal static long Nanoseconds(double seconds) => (long)(seconds * 1e9);
}
