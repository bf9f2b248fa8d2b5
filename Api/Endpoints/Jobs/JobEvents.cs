using System.Globalization;
using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Events;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Limits;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>What happened to a training job, as a page or as a stream.</summary>
internal static class JobEvents
{
    private const string LastEventId = "Last-Event-ID";
    private const int DefaultLimit = 100;

    private static readonly QueryParameter AfterParameter = new("after", "Sequence of the last event that the caller has; by default all that are kept are shown.") { Type = QueryType.WholeNumber, Min = 0, Default = 0 };
    private static readonly QueryParameter LimitParameter = new("limit", "Most events on a page; a stream has no limit.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000, Default = DefaultLimit };

    public static void MapJobEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/jobs/{id}/events", Read).Needs(Permission.JobsRead)
            .Describe("Jobs", "ReadJobEvents", "What happened to a job, as a page or as a stream", """
                The last 1,000 events are kept. With `Accept: text/event-stream` server-sent events: `id` is the event's sequence, `event` its kind, `data`
                the event as JSON; a comment line every 15 s keeps the connection open, and the stream ends after the event with which the job has ended.
                `Last-Event-ID` or `after` resumes.
                """)
            .WithQuery(AfterParameter, LimitParameter)
            .Returns<JobEventPageView>()
            .Streams()
            .Refuses(404, 429);

    /// <summary>Events after one that the caller has, and whether some between are no longer kept.</summary>
    public static async Task<(IReadOnlyList<JobEvent> Events, bool Truncated)> JobEventsAsync(this GrainCalls calls, string id, long after, int max, CancellationToken cancellationToken)
    {
        var events = await calls.RetryAsync(g => g.GetGrain<IJobGrain>(id).Log(after, max), cancellationToken);
        return (events, events is [var first, ..] && first.Sequence > after + 1);
    }

    private static async Task<IResult> Read(string id, HttpContext context, OwnReader own, StreamPlaces places, JobEventStreams streams)
    {
        var query = new QueryReader(context);
        var after = After(query, context.Request);
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        var caller = context.Caller();
        if (await own.JobAsync(caller, id, context.RequestAborted) is not { } job) return new ProblemResult(Problem.NotFound("job", id));
        if (!SseResponse.IsWanted(context.Request)) return await PageAsync(id, after, (int)(query.Number(LimitParameter.Name) ?? DefaultLimit), own, caller, context.RequestAborted);
        using var place = places.TryOpen(caller);
        if (place is null) return StreamPlaces.Full();
        await streams.WriteAsync(context, job, after);
        return TypedResults.Empty;
    }

    private static async Task<IResult> PageAsync(string id, long after, int limit, OwnReader own, Caller caller, CancellationToken cancellationToken)
    {
        var (events, truncated) = await own.JobEventsAsync(caller, id, after, limit, cancellationToken);
        return TypedResults.Ok(new JobEventPageView { Items = [.. events.Select(JobEventView.Of)], Cursor = events is [.., var last] ? last.Sequence : after, Truncated = truncated });
    }

    // A browser that reconnects repeats the address it began with, "after" included, so its Last-Event-ID is the newer of the two.
    private static long After(QueryReader query, HttpRequest request)
    {
        var header = request.Headers[LastEventId].ToString();
        if (header.Length == 0) return query.Number(AfterParameter.Name) ?? 0;
        if (long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) return sequence;
        query.Refuse(LastEventId, "must be the sequence of an event, a whole number from 0.");
        return 0;
    }
}
