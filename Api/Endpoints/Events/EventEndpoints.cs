using System.Globalization;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Limits;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Endpoints.Events;

/// <summary>The event log, as a stream or as a page.</summary>
internal static class EventEndpoints
{
    private const string LastEventId = "Last-Event-ID";
    private const int DefaultLimit = 100;

    private static readonly QueryParameter AfterParameter = new("after", "Id of the last event that the caller has; 0 for all that are kept. A stream without it begins with the events to come.")
    {
        Type = QueryType.WholeNumber,
        Min = 0,
    };

    private static readonly QueryParameter LastParameter = new("last", $"Begins so many events of those that are asked for before the newest one, instead of `after`; as far as they are among the last {EventStreams.MostLookedBack}.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000 };

    private static readonly QueryParameter LimitParameter = new("limit", "Most events on a page; a stream has no limit.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000, Default = DefaultLimit };

    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/events", Read).Needs(Permission.EventsRead)
            .Describe("Events", "ReadEvents", "Events of the mesh, as a stream or as a page", """
                With `Accept: application/json` one page `{items, cursor, truncated}`. Otherwise server-sent events: `id` is the event's id, `event` its type,
                `data` the event as JSON; a comment line every 15 s keeps the connection open. `Last-Event-ID` or `after` resumes; `event: TRUNCATED` says
                that events in between are no longer kept. A page that a filter leaves empty is not the last one: read on while its `cursor` moves.
                """)
            .WithQuery([AfterParameter, LastParameter, LimitParameter, .. EventFilter.Parameters])
            .Returns<EventPageView>()
            .Streams()
            .Refuses(429);

    private static async Task<IResult> Read(HttpContext context, EventStreams streams, StreamPlaces places)
    {
        var query = new QueryReader(context);
        var filter = EventFilter.Of(query);
        var after = After(query, context.Request);
        if (after is not null && context.Request.Headers[LastEventId].Count == 0 && query.Number(LastParameter.Name) is not null) query.Refuse(LastParameter.Name, "cannot be given together with after.");
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        if (after is null && query.Number(LastParameter.Name) is { } last)
            after = await streams.BeforeLastAsync(context.Caller(), last, filter, context.RequestAborted);
        if (WantsPage(context.Request)) return await PageAsync(streams, context.Caller(), after ?? 0, (int)(query.Number(LimitParameter.Name) ?? DefaultLimit), filter, context.RequestAborted);
        using var place = places.TryOpen(context.Caller());
        if (place is null) return StreamPlaces.Full();
        await streams.WriteAsync(context, after ?? -1, filter);
        return TypedResults.Empty;
    }

    private static async Task<IResult> PageAsync(EventStreams streams, Caller caller, long after, int limit, EventFilter filter, CancellationToken cancellationToken)
    {
        var page = await streams.ReadAsync(caller, after, TimeSpan.Zero, cancellationToken, limit);
        return TypedResults.Ok(new EventPageView
        {
            Items = [.. page.Events.Where(filter.Matches)],
            Cursor = page.Cursor,
            Truncated = page.Truncated,
        });
    }

    // A browser that reconnects repeats the address it began with, "after" included, so its Last-Event-ID is the newer of the two.
    private static long? After(QueryReader query, HttpRequest request)
    {
        var header = request.Headers[LastEventId].ToString();
        if (header.Length == 0) return query.Number(AfterParameter.Name);
        if (long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return id;
        query.Refuse(LastEventId, "must be the id of an event, a whole number from 0.");
        return null;
    }

    private static bool WantsPage(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out var accepted)) return false;
        return accepted.Any(type => type.MediaType == "application/json") && !accepted.Any(type => type.MediaType == "text/event-stream");
    }
}
