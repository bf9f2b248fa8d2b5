using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Nodes;

/// <summary>Registering, cordoning, draining, quarantining and removing nodes.</summary>
internal static class NodeCommands
{
    private const int DefaultDrainSeconds = 300;
    private const int MaxDrainSeconds = 86_400;
    private static readonly QueryParameter ForceParameter = new("force", "Removes the node even when it is live.") { Type = QueryType.Flag };

    public static void MapNodeCommands(this IEndpointRouteBuilder routes)
    {
        routes.MapPut("/nodes/{id}", Put).Needs(Permission.FleetOperate)
            .Describe("Nodes", "PutNode", "Registers a node, or replaces its registration", "May be repeated: the same registration changes nothing.")
            .Accepts("""{"cell":"cell-1","zone":"zone-a","region":"eu-west","failureDomain":"rack-7","labels":{"pool":"chat"},"roles":["gpu"],"synthetic":false}""")
            .Returns<NodeDetail>(200, 201).Refuses(400);
        routes.MapPost("/nodes", Post).Needs(Permission.FleetOperate)
            .Describe("Nodes", "RegisterNode", "Registers a node that is named in the body", "Like PUT on the node's own path.")
            .Accepts("""{"id":"gpu-17","cell":"cell-1","zone":"zone-a","labels":{"pool":"chat"}}""")
            .Returns<NodeDetail>(200, 201).Refuses(400);
        routes.MapPost("/nodes/{id}:cordon", Cordon).Needs(Permission.FleetOperate)
            .Describe("Nodes", "CordonNode", "Keeps new work away from a node", "Running work goes on. The body may be left out.")
            .Takes<CordonBody>("""{"reason":"fan replacement"}""")
            .Returns<NodeDetail>().Refuses(400, 404);
        routes.MapPost("/nodes/{id}:quarantine", Quarantine).Needs(Permission.FleetOperate)
            .Describe("Nodes", "QuarantineNode", "Keeps new work away from a node that may be faulty", "As a fault does that the mesh finds itself, but until `:uncordon`. The body may be left out.")
            .Takes<CordonBody>("""{"reason":"wrong answers"}""")
            .Returns<NodeDetail>().Refuses(400, 404);
        routes.MapPost("/nodes/{id}:maintain", Maintain).Needs(Permission.FleetOperate)
            .Describe("Nodes", "MaintainNode", "Keeps new work away from a node that is worked on", "Until `:uncordon`. It may be silent and restart meanwhile without being taken for offline or faulty. The body may be left out.")
            .Takes<CordonBody>("""{"reason":"driver update"}""")
            .Returns<NodeDetail>().Refuses(400, 404);
        routes.MapPost("/nodes/{id}:uncordon", Uncordon).Needs(Permission.FleetOperate)
            .Describe("Nodes", "UncordonNode", "Ends a cordon, a drain, a quarantine or a maintenance", "The node takes new work again as soon as it reports.")
            .Returns<NodeDetail>().Refuses(404);
        routes.MapPost("/nodes/{id}:drain", Drain).Needs(Permission.FleetOperate)
            .Describe("Nodes", "DrainNode", "Keeps new work away and tells when the running work is done", "Watch `drained`, or the event NODE_DRAINED. The body may be left out.")
            .Takes<DrainBody>("""{"force":false,"timeoutSeconds":300}""")
            .Returns<NodeDetail>().Refuses(400, 404, 409);
        routes.MapDelete("/nodes/{id}", Delete).Needs(Permission.FleetOperate)
            .Describe("Nodes", "RemoveNode", "Forgets a node", "A node that is live is kept unless `force=true`.")
            .WithQuery(ForceParameter)
            .Returns(204).Refuses(404, 409);
    }

    private static Task<IResult> Put(string id, NodeBody body, HttpContext context, GrainCalls calls) => RegisterAsync(id, "id", body, context, calls);

    private static Task<IResult> Post(NewNodeBody body, HttpContext context, GrainCalls calls) => RegisterAsync(body.Id ?? "", "id", body, context, calls);

    private static async Task<IResult> RegisterAsync(string id, string idField, NodeBody body, HttpContext context, GrainCalls calls)
    {
        var reader = new BodyReader();
        var registration = body.Read(id, idField, reader);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));

        // Only for the choice of 200 or 201: two who register at once may both be told 201.
        var existed = await calls.RetryAsync(g => g.GetGrain<INodeGrain>(id).Get(), context.RequestAborted) is not null;
        var actor = Actor.Of(context.Request).Name;
        var result = await calls.RetryAsync(g => g.GetGrain<INodeGrain>(id).Register(registration, actor), context.RequestAborted);
        if (result is not { Status: NodeCommandStatus.Accepted, Node: { } node }) return Refusal(id, result);
        context.Response.Headers.ETag = NodeReads.Etag(node);
        context.Response.Headers.Location = ApiV1.NodePath(id);
        return TypedResults.Json(NodeReads.Detail(node, context), statusCode: existed ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private static Task<IResult> Cordon(string id, VerbBody<CordonBody> body, HttpContext context, GrainCalls calls) =>
        CommandAsync(id, body, context, calls, static (node, reason, actor) => node.Cordon(reason, actor));

    private static Task<IResult> Quarantine(string id, VerbBody<CordonBody> body, HttpContext context, GrainCalls calls) =>
        CommandAsync(id, body, context, calls, static (node, reason, actor) => node.Quarantine(reason, actor));

    private static Task<IResult> Maintain(string id, VerbBody<CordonBody> body, HttpContext context, GrainCalls calls) =>
        CommandAsync(id, body, context, calls, static (node, reason, actor) => node.Maintain(reason, actor));

    private static Task<IResult> Uncordon(string id, HttpContext context, GrainCalls calls) =>
        CommandAsync(id, new(), context, calls, (node, actor) => node.Uncordon(actor));

    private static Task<IResult> Drain(string id, VerbBody<DrainBody> body, HttpContext context, GrainCalls calls)
    {
        var reader = new BodyReader();
        var seconds = body.Value?.TimeoutSeconds ?? DefaultDrainSeconds;
        if (seconds is < 1 or > MaxDrainSeconds) reader.Refuse("timeoutSeconds", $"must be 1 to {MaxDrainSeconds}.");
        return CommandAsync(id, reader, context, calls, (node, actor) => node.Drain(body.Value?.Force ?? false, TimeSpan.FromSeconds(seconds), actor));
    }

    private static Task<IResult> CommandAsync(
        string id, VerbBody<CordonBody> body, HttpContext context, GrainCalls calls, Func<INodeGrain, string, string, Task<NodeCommandResult>> command)
    {
        var reader = new BodyReader();
        var reason = reader.Text("reason", body.Value?.Reason);
        return CommandAsync(id, reader, context, calls, (node, actor) => command(node, reason, actor));
    }

    private static async Task<IResult> CommandAsync(
        string id, BodyReader reader, HttpContext context, GrainCalls calls, Func<INodeGrain, string, Task<NodeCommandResult>> command)
    {
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        if (!Names.IsValid(id)) return new ProblemResult(Problem.NotFound("node", id));
        var actor = Actor.Of(context.Request).Name;
        var result = await calls.RetryAsync(g => command(g.GetGrain<INodeGrain>(id), actor), context.RequestAborted);
        if (result is not { Status: NodeCommandStatus.Accepted, Node: { } node }) return Refusal(id, result);
        context.Response.Headers.ETag = NodeReads.Etag(node);
        return TypedResults.Ok(NodeReads.Detail(node, context));
    }

    private static async Task<IResult> Delete(string id, HttpContext context, GrainCalls calls)
    {
        if (!Names.IsValid(id)) return new ProblemResult(Problem.NotFound("node", id));
        var force = new QueryReader(context).Flag(ForceParameter.Name) ?? false;
        var actor = Actor.Of(context.Request).Name;
        var result = await calls.OnceAsync(g => g.GetGrain<INodeGrain>(id).Remove(force, actor), context.RequestAborted);
        return result.Status == NodeCommandStatus.Accepted ? TypedResults.NoContent() : Refusal(id, result);
    }

    private static ProblemResult Refusal(string id, NodeCommandResult result) => new(result.Status switch
    {
        NodeCommandStatus.NotFound => Problem.NotFound("node", id),
        NodeCommandStatus.Conflict => Problem.Conflict(result.Errors is [var error, ..] ? error.Message : $"The state of node {id} forbids it."),
        _ => Problem.Invalid(result.Errors.Select(InCallersTerms)),
    });

    private static FieldError InCallersTerms(FieldError error) => error.Field switch
    {
        "nodeId" => error with { Field = "id" },
        "cellId" => error with { Field = "cell" },
        _ => error,
    };
}
