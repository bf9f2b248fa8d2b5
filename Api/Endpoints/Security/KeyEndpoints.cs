using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;

namespace InferMesh.Api.Endpoints.Security;

/// <summary>API keys.</summary>
internal static class KeyEndpoints
{
    private const int DefaultOverlapSeconds = 3600;

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/keys", List).Needs(Permission.KeysRead)
            .Describe("Keys", "ListKeys", "API keys within the caller's scope, by prefix", "Without their secrets, which the mesh does not have.")
            .Returns<Listing<KeyView>>();
        routes.MapGet("/keys/{prefix}", Get).Needs(Permission.KeysRead)
            .Describe("Keys", "GetKey", "One API key", "Without its secret.")
            .Returns<KeyView>().Refuses(404);
        routes.MapPost("/keys", Create).Needs(Permission.KeysWrite)
            .Describe("Keys", "CreateKey", "Makes an API key", "The answer is the only place where the key itself stands. Nobody can give roles or a scope beyond its own.")
            .Accepts("""{"name":"acme-chat","roles":["inference-user"],"tenant":"acme","expiresAt":"2030-01-01T00:00:00Z"}""")
            .Returns<NewKeyView>(201).Refuses(400);
        routes.MapPost("/keys/{prefix}:rotate", Rotate).Needs(Permission.KeysWrite)
            .Describe("Keys", "RotateKey", "Gives an API key a new secret", "The one before stays good for `overlapSeconds`, an hour by default; 0 ends it at once. The body may be left out.")
            .Takes<KeyRotationBody>("""{"overlapSeconds":3600}""")
            .Returns<NewKeyView>().Refuses(400, 404);
        routes.MapDelete("/keys/{prefix}", Revoke).Needs(Permission.KeysWrite)
            .Describe("Keys", "RevokeKey", "Ends an API key", "Within five seconds no API of the mesh takes it any more.")
            .Returns(204).Refuses(404);
    }

    private static async Task<IResult> List(HttpContext context, KeyAdmin keys) =>
        TypedResults.Ok(new Listing<KeyView> { Items = [.. (await keys.ListAsync(context.Caller(), context.RequestAborted)).Select(KeyView.Of)] });

    private static async Task<IResult> Get(string prefix, HttpContext context, KeyAdmin keys) =>
        await keys.FindAsync(context.Caller(), prefix, context.RequestAborted) is { } key ? TypedResults.Ok(KeyView.Of(key)) : Missing(prefix);

    private static async Task<IResult> Create(KeyBody body, HttpContext context, KeyAdmin keys)
    {
        var reader = new BodyReader();
        var request = body.Read(reader);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        var made = await keys.CreateAsync(context.Caller(), Actor.Of(context.Request).Name, request, context.RequestAborted);
        if (Refused(made) is { } refused) return refused;
        return Secret(context, TypedResults.Created($"{ApiV1.Prefix}/keys/{made.Key!.Prefix}", NewKeyView.Of(made)));
    }

    private static async Task<IResult> Rotate(string prefix, VerbBody<KeyRotationBody> body, HttpContext context, KeyAdmin keys)
    {
        var seconds = body.Value?.OverlapSeconds ?? DefaultOverlapSeconds;
        if (seconds < 0 || seconds > KeyAdmin.MaxOverlap.TotalSeconds) return new ProblemResult(Problem.Invalid("overlapSeconds", $"must be 0 to {KeyAdmin.MaxOverlap.TotalSeconds:0}."));
        var rotated = await keys.RotateAsync(context.Caller(), Actor.Of(context.Request).Name, prefix, TimeSpan.FromSeconds(seconds), context.RequestAborted);
        if (Refused(rotated) is { } refused) return refused;
        return rotated.Key is null ? Missing(prefix) : Secret(context, TypedResults.Ok(NewKeyView.Of(rotated)));
    }

    private static async Task<IResult> Revoke(string prefix, HttpContext context, KeyAdmin keys) =>
        (await keys.RevokeAsync(context.Caller(), Actor.Of(context.Request).Name, prefix, context.RequestAborted)).Key is null ? Missing(prefix) : TypedResults.NoContent();

    private static ProblemResult? Refused(KeyOutcome outcome) =>
        outcome.Errors is { } errors ? new(Problem.Invalid(errors)) : outcome.Refusal is { } refusal ? new(Problem.Forbidden(refusal)) : null;

    private static ProblemResult Missing(string prefix) => new(Problem.NotFound("key", prefix));

    private static IResult Secret(HttpContext context, IResult result)
    {
        return result;
    }
}
