using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Apply;

/// <summary><c>infermesh export</c>: objects of the mesh as manifests, which applied again change nothing.</summary>
internal static class ExportCommand
{
    private const int PageSize = 500;
    private static readonly View Manifests = new("", []) { Name = static item => $"{item.Text("kind").ToLowerInvariant()}/{item.Path("metadata.name")}" };
    private static readonly string[] Forms = ["yaml", "json", "name"];

    public static Command Create()
    {
        var kind = new Argument<string?>("kind") { Description = $"{string.Join(", ", ObjectKinds.All)}; by default all but experiments and jobs.", Arity = ArgumentArity.ZeroOrOne };
        var name = new Argument<string?>("name") { Description = "One object of the kind.", Arity = ArgumentArity.ZeroOrOne };
        var versions = new Option<bool>("--versions") { Description = "Write versions too: such a manifest changes nothing that has changed since." };
        return ApiCommand.Create("export", "Write objects of the mesh as manifests.", Forms, RunAsync, kind, name, versions);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var query = call.Parsed.GetValue(kind) is { } wanted ? $"&kind={ObjectKinds.Known(wanted, "kind")}" : "";
            if (call.Parsed.GetValue(name) is { } one)
                query += $"&name={Uri.EscapeDataString(one)}";
            var withVersions = call.Parsed.GetValue(versions);
            await foreach (var item in call.Api.PagesAsync(FormattableString.Invariant($"/api/v1/objects?limit={PageSize}{query}"), cancellationToken))
                await call.Answers.RowsAsync([withVersions ? item : WithoutVersion(item)], Manifests);
            return 0;
        }
    }

    private static JsonElement WithoutVersion(JsonElement manifest)
    {
        var node = JsonObject.Create(manifest)!;
        (node["metadata"] as JsonObject)?.Remove("version");
        return JsonSerializer.SerializeToElement(node);
    }
}
