using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Docs;

/// <summary>The list of all calls, written from the OpenAPI document and the protos.</summary>
[TestClass]
public sealed partial class ApiReferenceTests
{
    private static readonly string[] Protos = ["infermesh/control/v1/control.proto", "infermesh/control/v1/strategies.proto", "infermesh/jobs/v1/jobs.proto", "infermesh/scoring/v1/scoring.proto", "infermesh/state/v1/state.proto"];

    [TestMethod]
    public void Page_ListsEveryCall()
    {
        var text = new StringBuilder();
        text.Append("# API reference\n\nEvery call of REST and gRPC, in a line each; written from [openapi.json](openapi.json) and the protos. Schemas, examples and a way to try them are in Swagger UI, at `/swagger` of a running API.\n\n");
        text.Append("Permissions are explained in [security](security.md). Writes name the version that they replace (`If-Match`), lists have pages (`limit`, `cursor`), errors are problem details (RFC 9457).\n");
        AppendRest(text);
        foreach (var proto in Protos) AppendGrpc(text, proto);
        text.Append("\n## gRPC: inference.GRPCInferenceService\n\nThe inference protocol of KServe and Triton (v2), answered by the data plane: [data plane](data-plane.md).\n");
        GeneratedPage.AssertIs("api-reference.md", text.ToString());
    }

    private static void AppendRest(StringBuilder text)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(GeneratedPage.Folder, "openapi.json")));
        var calls = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Where(o => o.Value.ValueKind == JsonValueKind.Object && o.Value.TryGetProperty("operationId", out _)).Select(o => (Path: p.Name, Method: o.Name.ToUpperInvariant(), Call: o.Value)))
            .ToArray();
        Assert.IsNotEmpty(calls);
        foreach (var group in calls.GroupBy(c => c.Call.GetProperty("tags")[0].GetString()!))
        {
            text.Append("\n## REST: ").Append(group.Key).Append("\n\n| call | what | permission |\n|---|---|---|\n");
            foreach (var (path, method, call) in group)
            {
                var needs = Permission().Match(call.TryGetProperty("description", out var description) ? description.GetString()! : "");
                text.Append("| `").Append(method).Append(' ').Append(path).Append("` | ").Append(call.GetProperty("summary").GetString()!.Replace("|", "\\|", StringComparison.Ordinal))
                    .Append(" | ").Append(needs.Success ? $"`{needs.Groups[1].Value}`" : "").Append(" |\n");
            }
        }
    }

    private static void AppendGrpc(StringBuilder text, string proto)
    {
        var source = File.ReadAllText(Path.Combine(Repository.Root, "Api", "Protos", proto));
        var package = Package().Match(source).Groups[1].Value;
        foreach (Match service in Service().Matches(source))
        {
            text.Append("\n## gRPC: ").Append(package).Append('.').Append(service.Groups[1].Value).Append("\n\n| call | what |\n|---|---|\n");
            foreach (Match call in Rpc().Matches(service.Groups[2].Value))
            {
                var what = string.Join(' ', call.Groups[1].Value.Split('\n').Select(line => line.Trim().TrimStart('/').Trim()).Where(line => line.Length > 0));
                Assert.IsGreaterThan(0, what.Length, $"{call.Groups[2].Value} of {proto} says nothing of itself.");
                text.Append("| `").Append(call.Groups[2].Value).Append(call.Groups[3].Value.Contains("returns (stream", StringComparison.Ordinal) ? "` (stream) | " : "` | ")
                    .Append(what.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)).Append(" |\n");
            }
        }
    }

    [GeneratedRegex(@"Needs the permission `([a-z.]+)`")]
    private static partial Regex Permission();

    [GeneratedRegex(@"(?m)^package ([a-z0-9_.]+);")]
    private static partial Regex Package();

    [GeneratedRegex(@"(?ms)^service (\w+) \{\n(.*?)^\}")]
    private static partial Regex Service();

    [GeneratedRegex(@"((?:[ ]*//[^\n]*\n)*)[ ]*rpc (\w+)(\([^\n]*)")]
    private static partial Regex Rpc();
}
