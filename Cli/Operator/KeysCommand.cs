using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator;

/// <summary><c>infermesh keys</c>: API keys, from their making to their end.</summary>
internal static class KeysCommand
{
    private const string Keys = "/api/v1/keys";
    private static readonly View Rows = new("key",
    [
        Column.Of("PREFIX", "prefix"), Column.Of("NAME", "name"), Column.List("ROLES", "roles"), Column.Of("TENANT", "tenant"), Column.Of("PROJECT", "project"), Column.Of("NODE", "nodeId"), Column.Time("EXPIRES", "expiresAt"),
        Column.Time("ROTATED", "rotatedAt"), Column.Time("CREATED", "createdAt").Wide(), Column.Of("BY", "createdBy").Wide(), Column.Time("OLD SECRET UNTIL", "previousUntil").Wide(),
    ])
    { Name = static key => key.Text("prefix") };

    private static readonly View Secret = View.OfText("key", "prefix", static key => Terminal.Clean(key.Text("key")));

    public static Command Create() => new("keys", "Make, list, rotate and revoke API keys.") { Make(), List(), Get(), Rotate(), Revoke() };

    private static Command Make()
    {
        var name = new Argument<string>("name") { Description = "Name for people and the audit." };
        var role = new Option<string[]>("--role") { Description = "Role, such as inference-user; may be repeated.", Required = true };
        var tenant = new Option<string?>("--tenant") { Description = "Tenant that it is limited to." };
        var project = new Option<string?>("--project") { Description = "Project of the tenant that it is limited to." };
        var node = new Option<string?>("--node") { Description = "The only node that it may report for; for the role node-agent." };
        var life = new Option<string?>("--expires-in") { Description = "How long it is good, such as 720h; by default for ever." };
        return ApiCommand.Create("create", "Make an API key. It is printed once and kept nowhere.", async (call, cancellationToken) =>
        {
            var body = new JsonObject { ["name"] = call.Parsed.GetRequiredValue(name), ["roles"] = new JsonArray([.. call.Parsed.GetValue(role)!.Select(static r => (JsonNode)r)]) };
            foreach (var (key, option) in new[] { ("tenant", tenant), ("project", project), ("nodeId", node) })
            {
                if (call.Parsed.GetValue(option) is { } value) body[key] = value;
            }
            if (call.Parsed.GetValue(life) is { } text) body["expiresAt"] = (DateTimeOffset.UtcNow + Duration("--expires-in", text)).ToString("O", CultureInfo.InvariantCulture);
            using var made = await call.Api.PostAsync(Keys, body.ToJsonString(), null, cancellationToken);
            return await ShowSecretAsync(call, made.RootElement);
        }, name, role, tenant, project, node, life);
    }

    private static Command List() => Reading.List("list", "List the API keys that you may see, without their secrets.", Keys, Rows);

    private static Command Get() => Reading.One("get", "Show one API key, without its secret.", Prefix(), static prefix => PathOf(prefix), Rows);

    private static Command Rotate()
    {
        var (prefix, overlap) = (Prefix(), new Option<string?>("--overlap") { Description = "How long the secret before stays good, such as 10m; an hour by default." });
        return ApiCommand.Create("rotate", "Give an API key a new secret. It is printed once and kept nowhere.", async (call, cancellationToken) =>
        {
            var body = call.Parsed.GetValue(overlap) is { } text ? new JsonObject { ["overlapSeconds"] = (int)Duration("--overlap", text).TotalSeconds } : null;
            using var rotated = await call.Api.PostAsync(PathOf(call.Parsed.GetRequiredValue(prefix), ":rotate"), body?.ToJsonString(), null, cancellationToken);
            return await ShowSecretAsync(call, rotated.RootElement);
        }, prefix, overlap);
    }

    private static Command Revoke()
    {
        var prefix = Prefix();
        return ApiCommand.Create("revoke", "End an API key.", async (call, cancellationToken) =>
        {
            await call.Api.DeleteAsync(PathOf(call.Parsed.GetRequiredValue(prefix)), cancellationToken);
            return 0;
        }, prefix);
    }

    /// <summary>The key alone on the output, so that a script can take it.</summary>
    private static async Task<int> ShowSecretAsync(ApiCall call, JsonElement made)
    {
        await call.WriteAsync(made, Secret);
        if (call.Answers.IsText) await call.Error.WriteLineAsync($"key {Terminal.Clean(made.Text("prefix"))} of {Terminal.Clean(made.Text("name"))}: keep it, it is shown this once");
        return 0;
    }

    private static Argument<string> Prefix() => new("prefix") { Description = "Prefix of the key: what stands between im_ and the next _." };

    private static string PathOf(string prefix, string rest = "") => prefix.Length > 0 ? $"{Keys}/{Uri.EscapeDataString(prefix)}{rest}" : throw new UsageException("the prefix of the key must not be empty");

    private static TimeSpan Duration(string option, string text) =>
        DurationText.TryParse(text, out var value) ? value : throw new UsageException($"{option} must be a duration such as 10m or 720h, not '{text}'");
}
