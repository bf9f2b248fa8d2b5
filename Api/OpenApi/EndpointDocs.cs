using InferMesh.Api.Problems;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.OpenApi;

/// <summary>Example of the body that an endpoint takes.</summary>
internal sealed record BodyExample(string Json);

/// <summary>Type of a body that the endpoint reads itself.</summary>
internal sealed record BodyType(Type Type);

/// <summary>The endpoint reads a zip archive.</summary>
internal sealed record ArchiveTaken;

/// <summary>The endpoint needs If-Match, or If-None-Match where it may create.</summary>
internal sealed record PreconditionNeeded(bool MayCreate);

/// <summary>The endpoint answers with an ETag.</summary>
internal sealed record EtagReturned;

/// <summary>The endpoint also answers 200 with server-sent events.</summary>
internal sealed record EventsStreamed;

/// <summary>A header that the endpoint reads.</summary>
internal sealed record HeaderTaken(string Name, string Description);

/// <summary>The endpoint may answer 200 with this type as well.</summary>
internal sealed record OtherAnswer(Type Type);

/// <summary>What an endpoint is, takes and answers, said once where it is mapped.</summary>
internal static class EndpointDocs
{
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder endpoint, string tag, string operationId, string summary, string description) =>
        endpoint.WithTags(tag).WithName(operationId).WithSummary(summary).WithDescription(description.ReplaceLineEndings("\n")).Refuses(400, 503);

    /// <summary>Shows an example of the body. Its type is the handler's.</summary>
    public static RouteHandlerBuilder Accepts(this RouteHandlerBuilder endpoint, string example) =>
        endpoint.WithMetadata(new BodyExample(example)).Refuses(413, 415);

    /// <summary>Takes a <see cref="Http.VerbBody{T}"/>.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder endpoint, string example) => endpoint.WithMetadata(new BodyType(typeof(T))).Accepts(example);

    /// <summary>Reads a <see cref="Http.ArchiveBody"/>.</summary>
    public static RouteHandlerBuilder TakesArchive(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new ArchiveTaken()).Refuses(413, 415);

    /// <summary>Reads a header that may be left out.</summary>
    public static RouteHandlerBuilder TakesHeader(this RouteHandlerBuilder endpoint, string name, string description) => endpoint.WithMetadata(new HeaderTaken(name, description));

    /// <summary>Answers 200 with another type in some cases, which the description names.</summary>
    public static RouteHandlerBuilder OrReturns<T>(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new OtherAnswer(typeof(T)));

    public static RouteHandlerBuilder NeedsPrecondition(this RouteHandlerBuilder endpoint, bool mayCreate) => endpoint.WithMetadata(new PreconditionNeeded(mayCreate));

    public static RouteHandlerBuilder ReturnsEtag(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new EtagReturned());

    public static RouteHandlerBuilder Returns<T>(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses.DefaultIfEmpty(StatusCodes.Status200OK))
            endpoint.Produces<T>(status);
        return endpoint;
    }

    /// <summary>Answers with a status and no body.</summary>
    public static RouteHandlerBuilder Returns(this RouteHandlerBuilder endpoint, int status) => endpoint.Produces(status);

    /// <summary>Also answers as server-sent events.</summary>
    public static RouteHandlerBuilder Streams(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new EventsStreamed());

    /// <summary>Answers with problem details of these statuses.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses)
        {
            var type = status == StatusCodes.Status400BadRequest ? typeof(HttpValidationProblemDetails) : typeof(ProblemDetails);
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, type, [ProblemWriter.ContentType]));
        }
        return endpoint;
    }
}
