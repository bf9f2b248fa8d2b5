using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Cli.Operator.Apply;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Objects;

/// <summary>A kind of object that has versions: where it is, and how it is shown.</summary>
/// <param name="Name">Word of its commands, such as policy.</param>
/// <param name="Many">The same for several.</param>
/// <param name="Kind">Kind of its manifests.</param>
/// <param name="View">How it is shown.</param>
internal sealed record ObjectKind(string Name, string Many, string Kind, View View)
{
    public static ObjectKind Policy { get; } = new("policy", "policies", "Policy", ObjectViews.Policy);

    public static ObjectKind Endpoint { get; } = new("endpoint", "endpoints", "Endpoint", ObjectViews.Endpoint);

    public static ObjectKind Tenant { get; } = new("tenant", "tenants", "Tenant", ObjectViews.Tenant);

    public string Path => $"/api/v1/{Many}";

    public Argument<string> Argument() => new("name") { Description = $"Name of the {Name}." };

    public string PathOf(string name) => Reading.PathOf(Path, name, Name);
}

/// <summary>Commands that objects of all kinds with versions have.</summary>
internal static class ObjectCommand
{
    public static Command List(ObjectKind kind, params IReadOnlyList<QueryOption> filters) => Reading.List("list", $"List {kind.Many} by name.", kind.Path, kind.View, filters);

    public static Command Get(ObjectKind kind) => Reading.One("get", $"Show one {kind.Name} with its content.", kind.Argument(), kind.PathOf, kind.View);

    public static Command Apply(ObjectKind kind) => ApplyCommand.Create($"Bring {kind.Many} to what manifests say.", kind.Kind);

    public static Command History(ObjectKind kind) =>
        ListOf("history", $"List the versions of one {kind.Name}, newest first.", kind.Argument(), name => $"{kind.PathOf(name)}/history", ObjectViews.History(kind.Name));

    public static Command Rollback(ObjectKind kind)
    {
        var (name, version) = (kind.Argument(), new Argument<long>("version") { Description = "Version whose content is written as a new one." });
        return ApiCommand.Create("rollback", $"Write the content of an old version of one {kind.Name} as a new version.", async (call, cancellationToken) =>
        {
            var one = call.Parsed.GetRequiredValue(name);
            var current = await VersionAsync(call, kind, one, cancellationToken);
            var body = new JsonObject { ["version"] = call.Parsed.GetValue(version) };
            using var written = await call.Api.ChangeAsync(HttpMethod.Post, $"{kind.PathOf(one)}:rollback", body.ToJsonString(), current, cancellationToken);
            await call.WriteAsync(written.RootElement, ObjectViews.Line(kind.Name));
            return 0;
        }, name, version);
    }

    public static Command Delete(ObjectKind kind)
    {
        var (name, version) = (kind.Argument(), new Option<long?>("--version") { Description = "Delete it only when this is its version; by default whatever it is.", HelpName = "NUMBER" });
        return ApiCommand.Create("delete", $"Delete one {kind.Name}.", [], async (call, cancellationToken) =>
        {
            var (one, expected) = (call.Parsed.GetRequiredValue(name), call.Parsed.GetValue(version));
            if (expected < 1)
                throw new UsageException("--version must be 1 or more");
            (await call.Api.ChangeAsync(HttpMethod.Delete, kind.PathOf(one), null, expected, cancellationToken)).Dispose();
            await call.Output.WriteLineAsync(Terminal.Clean($"{one}  deleted"));
            return 0;
        }, name, version);
    }

    public static Command Diff(ObjectKind kind)
    {
        var name = new Argument<string?>("name") { Description = $"Name of the {kind.Name} whose versions are compared.", Arity = ArgumentArity.ZeroOrOne };
        var files = new Option<string[]>("--file", "-f") { Description = "Manifests that are compared with what there is: a file, a folder, or - for the input; may be repeated.", DefaultValueFactory = static _ => [], HelpName = "FILE" };
        var from = new Option<long?>("--from") { Description = "Version to compare from; the one before --to by default.", HelpName = "NUMBER" };
        var to = new Option<long?>("--to") { Description = "Version to compare to; the newest by default.", HelpName = "NUMBER" };
        return ApiCommand.Create("diff", $"Show what manifests would change, or what versions of one {kind.Name} changed; exit code 0 nothing, 1 something, 2 an error.", [], RunAsync, name, files, from, to);

        Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var (parsed, one) = (call.Parsed, call.Parsed.GetValue(name));
            return (one, parsed.GetValue(files)!) switch
            {
                (null, { Length: > 0 } paths) => DiffCommand.RunAsync(call, paths, kind.Kind, cancellationToken),
                ({ } single, []) => DiffCommand.CodedAsync(() => VersionsAsync(call, kind, single, parsed.GetValue(from), parsed.GetValue(to), cancellationToken)),
                _ => throw new UsageException($"give the name of one {kind.Name}, or -f with manifests"),
            };
        }
    }

    /// <summary>Version of an object now; 0 when it is deleted or was never there.</summary>
    public static async Task<long> VersionAsync(ApiCall call, ObjectKind kind, string name, CancellationToken cancellationToken)
    {
        using var there = await call.Api.FindAsync(kind.PathOf(name), cancellationToken);
        return there?.RootElement.Number("version") ?? 0;
    }

    private static async Task<int> VersionsAsync(ApiCall call, ObjectKind kind, string name, long? from, long? to, CancellationToken cancellationToken)
    {
        using var history = await call.Api.GetAsync($"{kind.PathOf(name)}/history", cancellationToken);
        JsonElement[] versions = [.. history.RootElement.Items("items")];
        var last = to ?? versions[0].Number("version");
        var after = Of(last);
        // Of a first version everything is new.
        var before = from is { } first ? Of(first) : Array.Find(versions, v => v.Number("version") == last - 1);
        var diff = UnifiedDiff.Of($"{kind.Name}/{name}@{Version(before)}", $"{kind.Name}/{name}@{last}", Content(before), Content(after), call.Shell.HasColours);
        await call.Output.WriteAsync(diff);
        return DiffCommand.CodeOf(diff);

        JsonElement Of(long version) => Array.Find(versions, v => v.Number("version") == version) is { ValueKind: JsonValueKind.Object } found ? found
            : throw new CommandFailedException(Terminal.Clean(string.Create(CultureInfo.InvariantCulture, $"{name} has no version {version}, only {string.Join(", ", versions.Select(static v => v.Text("version")))}")));
    }

    private static string Version(JsonElement version) => version.ValueKind == JsonValueKind.Object ? version.Text("version") : "0";

    private static string Content(JsonElement version) => version.ValueKind == JsonValueKind.Object && version.Text("deleted") != "true" && version.Object("spec") is { } spec ? YamlText.Of(spec) : "";

    private static Command ListOf(string name, string description, Argument<string> id, Func<string, string> pathOf, View view) => ApiCommand.Create(name, description, async (call, cancellationToken) =>
    {
        using var listing = await call.Api.GetAsync(pathOf(call.Parsed.GetRequiredValue(id)), cancellationToken);
        await call.Answers.RowsAsync([.. listing.RootElement.Items("items")], view);
        return 0;
    }, id);
}
