using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Options;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Backup;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>Everything that is stored of the mesh's objects, with versions, histories and secrets: out for a backup, and in again.</summary>
internal static class BackupEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxObjects = 1000;
    private const long MaxBodyBytes = 64 << 20;
    private const int Parallel = 16;
    private const string Example = """{"objects":[{"kind":"Policy","name":"chat-routing","version":3,"state":{}}]}""";

    private static readonly QueryParameter KindParameter = new("kind", "Objects of this kind: PluginPackage, Plugin, Tenant, Node, Model, Policy, Endpoint, Experiment, Job or KeyRing. Without it all.");
    private static readonly QueryParameter LimitParameter = new("limit", "Most entries on a page.") { Type = QueryType.WholeNumber, Min = 1, Max = MaxObjects, Default = DefaultLimit };
    private static readonly QueryParameter CursorParameter = new("cursor", "Where to go on: `nextCursor` of the page before.");
    private static readonly QueryParameter DryRunParameter = new("dryRun", "True changes nothing, and answers with what would become of each object.") { Type = QueryType.Flag };
    private static readonly QueryParameter OverwriteParameter = new("overwrite", "True writes the saved content over what is there, as a new version.") { Type = QueryType.Flag };

    public static void MapBackup(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/backup", Save).Needs(Permission.BackupRead)
            .Describe("Objects", "ReadBackup", "Objects as they are stored", "For `infermesh backup`: with versions, histories, hashes of keys and environments of jobs, which is why it needs the key that changes need. Each object is as it was at one moment.")
            .WithQuery(KindParameter, LimitParameter, CursorParameter)
            .Returns<BackupPage>();
        routes.MapPost("/backup:restore", Restore).Needs(Permission.BackupWrite)
            .Describe("Objects", "RestoreBackup", "Puts objects of a backup in place", """
                Where nothing is, an object comes back as it was, with its version and history. What is there already is left as it is; other content is a conflict, or with
                `overwrite=true` becomes a new version with the saved content. May be repeated. A job that had a place waits for one again. An experiment goes on with the outcomes that
                were saved. API keys that are missing come back, but for those that
                were revoked; those that are there stay as they are.
                """)
            .Takes<RestoreBody>(Example).WithQuery(DryRunParameter, OverwriteParameter).WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
            .Returns<RestoreView>().Refuses(400);
    }

    private static async Task<IResult> Save(HttpContext context, ObjectKinds kinds, GrainCalls calls, IOptions<ClusterSettings> cluster, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context);
        var kind = query.Text(KindParameter.Name) is { } text ? kinds.FindSaved(text) : null;
        if (kind is null && query.Text(KindParameter.Name) is not null) query.Refuse(KindParameter.Name, $"must be one of {kinds.SavedNames}.");
        string? after = null;
        if (query.Text(CursorParameter.Name) is { } cursor && !Cursor.TryRead(cursor, place => ObjectPages.IsPlace(kinds.Saved, place), out after)) query.Refuse(CursorParameter.Name, "is not a cursor of this list.");
        if (query.Errors.Count > 0) return new ProblemResult(Problem.Invalid(query.Errors));
        IReadOnlyList<ISavedKind> wanted = kind is null ? kinds.Saved : [kind];
        var (items, next) = await ObjectPages.ReadAsync<ISavedKind, SavedObject>(wanted, after, (int)(query.Number(LimitParameter.Name) ?? DefaultLimit), SaveAsync, cancellationToken);
        return TypedResults.Ok(new BackupPage { ClusterId = cluster.Value.ClusterId, ServiceId = cluster.Value.ServiceId, Items = items, NextCursor = next is null ? null : Cursor.After(next) });

        async Task<SavedObject?> SaveAsync(ISavedKind kind, string key, CancellationToken cancel)
        {
            var image = await calls.RetryAsync(g => g.GetGrain<IBackedUpGrain>(GrainId.Create(kind.GrainType, key)).Save(), cancel);
            return image is null ? null : new() { Kind = kind.Name, Name = key, Version = image.Version, Deleted = image.Deleted ? true : null, State = JsonElement.Parse(image.State) };
        }
    }

    private static async Task<IResult> Restore(VerbBody<RestoreBody> body, HttpContext context, ObjectKinds kinds, GrainCalls calls)
    {
        if (body.Value?.Objects is not { Count: > 0 and <= MaxObjects } objects) return new ProblemResult(Problem.Invalid("objects", $"must have 1 to {MaxObjects} objects."));
        var reader = new BodyReader();
        foreach (var (i, saved) in objects.Index())
        {
            if (kinds.FindSaved(saved?.Kind) is not { } kind) reader.Refuse($"objects[{i}].kind", $"must be one of {kinds.SavedNames}.");
            else if (saved!.Name is null || !kind.IsKey(saved.Name)) reader.Refuse($"objects[{i}].name", $"is no name of a {kind.Name}.");
            if (saved?.State is not { ValueKind: JsonValueKind.Object }) reader.Refuse($"objects[{i}].state", "is required: an object.");
        }
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));

        var query = new QueryReader(context);
        var (dryRun, overwrite, actor) = (query.Flag(DryRunParameter.Name) ?? false, query.Flag(OverwriteParameter.Name) ?? false, Actor.Of(context.Request).Name);
        var restored = new RestoredObject[objects.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = context.RequestAborted };
        await System.Threading.Tasks.Parallel.ForAsync(0, restored.Length, options, async (i, cancel) =>
        {
            var (saved, kind) = (objects[i]!, kinds.FindSaved(objects[i]!.Kind)!);
            var image = new ObjectImage(saved.Version, saved.Deleted ?? false, saved.State!.Value.GetRawText());
            var result = await calls.RetryAsync(g => g.GetGrain<IBackedUpGrain>(GrainId.Create(kind.GrainType, saved.Name!)).Restore(image, overwrite, dryRun, actor), cancel);
            restored[i] = new() { Kind = kind.Name, Name = saved.Name!, Action = result.Status, Version = result.Version == 0 ? null : result.Version, Reason = Views.Known(result.Reason) };
        });
        return TypedResults.Ok(new RestoreView { DryRun = dryRun, Items = restored });
    }
}
