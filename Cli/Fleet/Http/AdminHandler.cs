using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>The admin interface: lists the nodes and tells them how to behave. It listens on 127.0.0.1 only.</summary>
internal sealed class AdminHandler(IReadOnlyList<SyntheticNode> nodes)
{
    private const int MaxBodyBytes = 64 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers[FleetResponse.SyntheticHeader] = "true";
        var segments = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (context.Request.Method, segments)
        {
            case ("GET", ["admin", "nodes"]):
                await WriteAsync(context, [.. nodes.Select(NodeView.Of)]);
                break;
            case ("POST", ["admin", "nodes", var id, "mode"]):
                await ChangeAsync(context, id, AdminJson.Default.ModeBody, static body => body.ToSetting(), static (node, setting) => node.SetMode(setting));
                break;
            case ("POST", ["admin", "nodes", var id, "telemetry"]):
                await ChangeAsync(context, id, AdminJson.Default.TelemetryBody, static body => body.ToSilent(), static (node, silent) => node.Silent = silent);
                break;
            default:
                await OpenAiError.WriteAsync(context, StatusCodes.Status404NotFound, "not_found_error",
                    "Use GET /admin/nodes, POST /admin/nodes/{id or *}/mode or POST /admin/nodes/{id or *}/telemetry.");
                break;
        }
    }

    private async Task ChangeAsync<TBody, TSetting>(
        HttpContext context, string id, System.Text.Json.Serialization.Metadata.JsonTypeInfo<TBody> type,
        Func<TBody, (TSetting? Setting, string? Error)> read, Action<SyntheticNode, TSetting> apply)
        where TBody : class
    {
        SyntheticNode[] targets = id == "*" ? [.. nodes] : [.. nodes.Where(node => node.Id == id)];
        if (targets.Length == 0)
        {
            await OpenAiError.WriteAsync(context, StatusCodes.Status404NotFound, "not_found_error", $"There is no node '{id}'.", "id");
            return;
        }

        var (body, error) = await ReadAsync(context, type);
        if (body is null)
        {
            await OpenAiError.InvalidAsync(context, error!);
            return;
        }

        var (setting, problem) = read(body);
        if (problem is not null)
        {
            await OpenAiError.InvalidAsync(context, problem);
            return;
        }

        foreach (var node in targets)
            apply(node, setting!);
        await WriteAsync(context, [.. targets.Select(NodeView.Of)]);
    }

    private static async Task<(TBody? Body, string? Error)> ReadAsync<TBody>(
        HttpContext context, System.Text.Json.Serialization.Metadata.JsonTypeInfo<TBody> type)
        where TBody : class
    {
        if (context.Request.ContentLength > MaxBodyBytes)
            return (null, $"The body must not exceed {MaxBodyBytes} bytes.");
        try
        {
            var body = await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted);
            return (body, body is null ? "The body must be a JSON object." : null);
        }
        catch (JsonException exception)
        {
            return (null, $"The body is not valid: {exception.Message}");
        }
    }

    private static Task WriteAsync(HttpContext context, NodeView[] views)
        => FleetResponse.WriteAsync(context, StatusCodes.Status200OK, "application/json",
            JsonSerializer.SerializeToUtf8Bytes(views, AdminJson.Default.NodeViewArray));
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(NodeView[]))]
[JsonSerializable(typeof(ModeBody))]
[JsonSerializable(typeof(TelemetryBody))]
internal sealed partial class AdminJson : JsonSerializerContext;

internal sealed record NodeView(
    string Id, int Port, string Cell, string Zone, string Gpu, string Mode, int Running, int Waiting, long Served,
    double Load, double KvUsage, long Stalls, bool Silent, bool Synthetic)
{
    public static NodeView Of(SyntheticNode node) => new(
        node.Id, node.Endpoint.Port, node.Cell, node.Zone, node.GpuProfile.Name, ModeBody.NameOf(node.Mode.Mode),
        node.Running, node.Waiting, node.Served, node.Load, node.KvUsage, node.Engine.Stalls, node.Silent, true);
}

internal sealed record TelemetryBody(bool? Silent)
{
    public (bool Setting, string? Error) ToSilent() => Silent is { } silent ? (silent, null) : (false, "silent must be true or false.");
}

internal sealed record ModeBody(string? Mode, int? Status, double? SlowFactor, int? RetryAfterSeconds)
{
    public static string NameOf(NodeMode mode) => mode switch
    {
        NodeMode.Ok => "ok",
        NodeMode.Fail => "fail",
        NodeMode.Hang => "hang",
        NodeMode.Slow => "slow",
        NodeMode.Status => "status",
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, null),
    };

    public (NodeModeSetting? Setting, string? Error) ToSetting()
    {
        NodeMode? mode = Mode switch
        {
            "ok" => NodeMode.Ok,
            "fail" => NodeMode.Fail,
            "hang" => NodeMode.Hang,
            "slow" => NodeMode.Slow,
            "status" => NodeMode.Status,
            _ => null,
        };
        if (mode is null)
            return (null, "mode must be ok, fail, hang, slow or status.");
        if (Status is < 400 or > 599)
            return (null, "status must be from 400 to 599.");
        if (SlowFactor is not (null or (>= 1 and <= 1000)))
            return (null, "slowFactor must be from 1 to 1000.");
        if (RetryAfterSeconds is < 0 or > 3600)
            return (null, "retryAfterSeconds must be from 0 to 3600.");
        return (new NodeModeSetting(mode.Value, SlowFactor ?? 4, Status ?? 503, RetryAfterSeconds ?? 1), null);
    }
}
