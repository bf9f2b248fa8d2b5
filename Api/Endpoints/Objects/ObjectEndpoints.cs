using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>Objects of all kinds as documents: exported, compared, applied.</summary>
internal static class ObjectEndpoints
{
    private const int DefaultLimit = 100;
    private const string Example =
        """{"objects":[{"apiVersion":"infermesh/v1","kind":"Policy","metadata":{"name":"chat-routing"},"spec":{"kind":"routing","models":["llama-*"],"routing":{"strategy":"mesh"}}}]}""";

    private static readonly QueryParameter KindParameter = new("kind", "Objects of this kind: Tenant, Node, Model, Policy, Endpoint, Experiment or Job. Without it all but experiments and jobs, which are work and not configuration.");
    private static readonly QueryParameter NameParameter = new("name", "The object of this name; needs a kind.");
    private static readonly QueryParameter LimitParameter = new("limit", "Most entries on a page.") { Type = QueryType.WholeNumber, Min = 1, Max = 1000, Default = DefaultLimit };
    private static readonly QueryParameter CursorParameter = new("cursor", "Where to go on: `nextCursor` of the page before.");
    private static readonly QueryParameter DryRunParameter = new("dryRun", "True changes nothing, and answers with what would be changed.") { Type = QueryType.Flag };

    public static void MapObjects(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/objects", List).Needs(Permission.ObjectsRead)
            .Describe("Objects", "ListObjects", "Objects as documents", "By kind and name, jobs newest first. What is given may be applied as it is, and changes nothing then.")
            .WithQuery(KindParameter, NameParameter, LimitParameter, CursorParameter)
            .Returns<ManifestPage>().Refuses(404);
        routes.MapPost("/objects:apply", Apply).Needs(Permission.ObjectsWrite)
            .Describe("Objects", "ApplyObjects", "Brings objects to what documents say", """
                All documents are checked first: when any is wrong nothing is changed, and `documents` names everything that is. What differs is then written one object
                after the other, each against the version that it was compared with. The first that cannot be written ends it: 409 or 503 with `items`, which say
                what was applied and what was not. To apply again goes on there; what is as it should be gets no new version. With `dryRun=true` nothing is written.
                """)
            .Takes<ApplyBody>(Example).WithQuery(DryRunParameter)
            .Returns<ApplyView>().Refuses(400, 409);
    }

    private static async Task<IResult> List(HttpContext context, ObjectKinds kinds, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context);
        var kind = query.Text(KindParameter.Name) is { } text ? kinds.Find(text) : null;
        if (kind is null && query.Text(KindParameter.Name) is not null) query.Refuse(KindParameter.Name, $"must be one of {kinds.Names}.");
        var name = query.Text(NameParameter.Name);
        if (name is not null && query.Text(KindParameter.Name) is null) query.Refuse(NameParameter.Name, "needs a kind beside it.");
        string? after = null;
        if (query.Text(CursorParameter.Name) is { } cursor && !Cursor.TryRead(cursor, place => ObjectPages.IsPlace(kinds.All, place), out after)) query.Refuse(CursorParameter.Name, "is not a cursor of this list.");
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        var hides = !context.Caller().Has(Permission.JobsWrite);
        if (name is not null)
        {
            return kind!.IsKey(name) && await ReadAsync(kind, name, hides, cancellationToken) is { } found
                ? TypedResults.Ok(new ManifestPage { Items = [found] })
                : new ProblemResult(Problem.NotFound(kind.Name.ToLowerInvariant(), name));
        }
        IReadOnlyList<IObjectKind> wanted = kind is null ? [.. kinds.All.Where(k => !k.IsWork)] : [kind];
        var (items, next) = await ObjectPages.ReadAsync<IObjectKind, Manifest>(wanted, after, (int)(query.Number(LimitParameter.Name) ?? DefaultLimit),
            (of, key, cancel) => ReadAsync(of, key, hides, cancel), cancellationToken);
        return TypedResults.Ok(new ManifestPage { Items = items, NextCursor = next is null ? null : Cursor.After(next) });
    }

    private static async Task<Manifest?> ReadAsync(IObjectKind kind, string key, bool hides, CancellationToken cancellationToken)
    {
        if (await kind.ReadAsync(key, cancellationToken) is not { } stored) return null;
        // Environments of jobs hold secrets: who may not submit jobs sees their names only.
        if (hides && kind.IsWork && stored.Spec["environment"] is JsonObject environment)
        {
            foreach (var variable in environment.Select(static e => e.Key).ToArray()) environment[variable] = OwnReader.Hidden;
        }
        return new()
        {
            ApiVersion = Manifest.CurrentApiVersion,
            Kind = kind.Name,
            Metadata = new() { Name = key, Version = stored.Version },
            Spec = JsonSerializer.SerializeToElement(stored.Spec),
        };
    }

    private static async Task<IResult> Apply(VerbBody<ApplyBody> body, HttpContext context, ObjectPlanner planner)
    {
        if (body.Value?.Objects is not { Count: > 0 and <= ObjectPlanner.MaxObjects } manifests)
            return new ProblemResult(Problem.Invalid("objects", $"must have 1 to {ObjectPlanner.MaxObjects} manifests."));
        var dryRun = new QueryReader(context).Flag(DryRunParameter.Name) ?? false;
        var (errors, objects) = await planner.PlanAsync(manifests, context.RequestAborted);
        if (errors.Count > 0) return new ProblemResult(Refused(errors));
        // A conflict that is seen before anything is written keeps everything from being written.
        if (dryRun) return Answer(dryRun, [.. objects.Select(o => o.View(o.Action, reason: o.ConflictReason))]);
        if (objects.Any(o => o.Action == ObjectAction.Conflict)) return Answer(dryRun, [.. objects.Select(o => o.View(o.Action is ObjectAction.Created or ObjectAction.Changed ? ObjectAction.NotApplied : o.Action, reason: o.ConflictReason))]);
        return Answer(dryRun, await planner.ApplyAsync(objects, Actor.Of(context.Request).Name, context.RequestAborted));
    }

    private static IResult Answer(bool dryRun, IReadOnlyList<ObjectChangeView> items)
    {
        if (items.FirstOrDefault(i => i.Action is ObjectAction.Conflict or ObjectAction.Failed) is not { } first) return TypedResults.Ok(new ApplyView { DryRun = dryRun, Items = items });
        var detail = $"{first.Kind} \"{first.Name}\": {first.Reason}";
        var problem = first.Action == ObjectAction.Conflict ? Problem.Conflict(detail) : Problem.Unavailable(detail);
        problem.Extensions["items"] = items;
        return new ProblemResult(problem);
    }

    private static ProblemDetails Refused(IReadOnlyList<ManifestErrorView> errors)
    {
        var problem = Problem.Invalid(errors.Select(e => new FieldError(e.Field.Length == 0 ? $"objects[{e.Index}]" : $"objects[{e.Index}].{e.Field}", e.Message)));
        problem.Extensions["documents"] = errors;
        return problem;
    }
}

/// <summary>One page of objects.</summary>
internal sealed record ManifestPage
{
    /// <summary>Objects.</summary>
    public required IReadOnlyList<Manifest> Items { get; init; }

    /// <summary>Give it as <c>cursor</c> to read on; absent on the last page.</summary>
    public string? NextCursor { get; init; }
}
