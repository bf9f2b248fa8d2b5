using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload.Arrivals;
using InferMesh.Simulator.Workload.Sessions;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Simulator.Workload;

/// <summary>
/// The requests of one run, in order of arrival. Equal configuration and seed give equal requests, whoever serves them; of a closed loop and
/// of conversations only the times of later requests depend on the answers. Not thread safe: each run opens its own.
/// </summary>
public sealed class WorkloadSource
{
    private const int MeanSamples = 200_000, MeanConversations = 20_000;

    private readonly IRequestFlow _flow;

    private WorkloadSource(IRequestFlow flow) => _flow = flow;

    /// <summary>Opens the workload of a valid configuration.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="rps">Requests per second, more than 0, after a load (<c>rho</c>) was turned into a rate.</param>
    public static WorkloadSource Open(SimConfig config, double rps)
    {
        ArgumentNullException.ThrowIfNull(config);
        var (workload, laws) = (config.Workload, new RequestLaws(config));
        var end = Math.Min(workload.DurationS ?? config.DurationS, config.DurationS);
        var closed = workload.Arrival.Type == ArrivalType.ClosedLoop;
        if (workload.Arrival.Type == ArrivalType.Trace) return new(Replay(config, rps, laws, end));
        if (workload.Sessions is { } sessions)
        {
            var users = WorkloadStreams.Open(config.Seed, WorkloadStreams.Users);
            var times = closed ? null : ArrivalTimes.Open(config, rps, end, sessions.MeanTurns);
            return new(new SessionFlow(new(config, laws, config.Seed), times, users, closed ? workload.Arrival.ThinkTimeS : sessions.ThinkTimeS, end));
        }

        return new(closed ? new ClosedLoopFlow(config, laws, end) : new OpenFlow(ArrivalTimes.Open(config, rps, end), new(laws, config.Seed), end));
    }

    /// <summary>Mean tokens of the requests: exact for a trace, else from a seeded sample of its own.</summary>
    public static WorkloadMeans Means(SimConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Workload.Arrival.Type == ArrivalType.Trace) return TraceMeans(config.Workload.Arrival);
        var laws = new RequestLaws(config);
        var seed = BlockNames.Mix(config.Seed);
        double prompts = 0, outputs = 0, count = 0;
        if (config.Workload.Sessions is not null)
        {
            var book = new ConversationBook(config, laws, seed);
            for (var i = 0; i < MeanConversations; i++)
            {
                var conversation = book.Start(i % book.Users);
                do Add(conversation.Prompt, conversation.Output);
                while (conversation.Advance());
            }
        }
        else
        {
            var shaper = new RequestShaper(laws, seed, WorkloadStreams.Means);
            for (var i = 0; i < MeanSamples; i++)
            {
                var (_, prompt, output) = shaper.NextWork();
                Add(prompt, output);
            }
        }

        return new(prompts / count, outputs / count, ArrivalTimes.RpsAsWritten(config.Workload.Arrival));

        void Add(int prompt, int output) => (prompts, outputs, count) = (prompts + prompt, outputs + output, count + 1);
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

    internal static long Nanoseconds(double seconds) => SimTime.Ns(seconds);

    private static TraceFlow Replay(SimConfig config, double rps, RequestLaws laws, double endSeconds)
    {
        var arrival = config.Workload.Arrival;
        var records = TraceFlow.Load(arrival);
        var own = TraceFlow.Rps(records);
        return new(records, arrival.Rho is not null && own > 0 ? rps / own : arrival.Speed, new(laws, config.Seed), endSeconds);
    }

    private static WorkloadMeans TraceMeans(ArrivalConfig arrival)
    {
        var records = TraceFlow.Load(arrival);
        var rps = TraceFlow.Rps(records) * (arrival.Rho is null ? arrival.Speed : 1);
        return records.Count == 0 ? new(1, 1, 0) : new(records.Average(r => (double)r.PromptTokens), records.Average(r => (double)r.OutputTokens), rps);
    }
}
