using System.Globalization;
using System.Reflection;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Grains.Abstractions.Events;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Endpoints.Events;

/// <summary>The event log, as a stream or as a page.</summary>
internal static class EventEndpoints
{
    private const string LastEventId = "Last-Event-ID";
    private const int DefaultLimit = 100;

    private static readonly string[] KnownTypes =
        [.. typeof(EventTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal)];

    private static readonly QueryParameter AfterParameter = new("after", "Id of the last event that the caller has; 0 for all that are kept. A stream without it begins with the events to come.")
    {
        Type = QueryType.WholeNumber,
        Min = 0,
    };

    private static readonly QueryParameter LimitParameter = new("limit", "Most events on a page; a stream has no limit.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000, Default = DefaultLimit };

    private static readonly QueryParameter TypesParameter = new("types", $"Types of events, separated by commas or given several times: {string.Join(", ", KnownTypes)}.") { Repeats = true };

    public static void MapEvents(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/events", Read)
            .Describe("Events", "ReadEvents", "Events of the mesh, as a stream or as a page", """
                With `Accept: application/json` one page `{items, cursor, truncated}`. Otherwise server-sent events: `id` is the event's id, `event` its type,
                `data` the event as JSON; a comment line every 15 s keeps the connection open. `Last-Event-ID` or `after` resumes; `event: TRUNCATED` says
                that events in between are no longer kept.
                """)
            .WithQuery(AfterParameter, LimitParameter, TypesParameter)
            .Returns<EventPageView>()
            .Streams()
            .Refuses(429);

    private static async Task<IResult> Read(HttpContext context, EventStreams streams, StreamPlaces places)
    {
        var query = new QueryReader(context);
        var types = Types(query);
        var after = After(query, context.Request);
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        if (WantsPage(context.Request)) return await PageAsync(streams, after ?? 0, (int)(query.Number(LimitParameter.Name) ?? DefaultLimit), types, context.RequestAborted);
        if (!places.TryOpen()) return StreamPlaces.Full();
        await streams.WriteAsync(context, after ?? -1, types);
        return TypedResults.Empty;
    }

    private static async Task<IResult> PageAsync(EventStreams streams, long after, int limit, string[] types, CancellationToken cancellationToken)
    {
        var page = await streams.ReadAsync(after, TimeSpan.Zero, cancellationToken, limit);
        return TypedResults.Ok(new EventPageView
        {
            Items = [.. page.Events.Where(e => types.Length == 0 || types.Contains(e.Type))],
            Cursor = page.Cursor,
            Truncated = page.Truncated,
        });
    }

    private static string[] Types(QueryReader query)
    {
        string[] wanted = [.. query.Texts(TypesParameter.Name).SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        if (wanted.FirstOrDefault(t => !KnownTypes.Contains(t)) is { } unknown)
            query.Refuse(TypesParameter.Name, $"\"{unknown}\" is not a type of event. Known: {string.Join(", ", KnownTypes)}.");
        return wanted;
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
