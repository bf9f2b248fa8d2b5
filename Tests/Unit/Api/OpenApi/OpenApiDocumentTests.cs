using System.Text.Json;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Api.OpenApi;

[TestClass]
public sealed class OpenApiDocumentTests
{
    private const string Update = "INFERMESH_UPDATE_OPENAPI";

    [TestMethod]
    public async Task Document_Served_IsTheCommittedOne()
    {
        var served = await ReadAsync();
        var path = Path.Combine(Repository.Root, "docs", "openapi.json");
        if (Environment.GetEnvironmentVariable(Update) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, served);
            return;
        }

        var committed = File.Exists(path) ? (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n") : "";
        if (served == committed) return;
        var (ours, theirs) = (served.Split('\n'), committed.Split('\n'));
        var line = Enumerable.Range(0, Math.Min(ours.Length, theirs.Length)).FirstOrDefault(i => ours[i] != theirs[i], Math.Min(ours.Length, theirs.Length));
        Assert.Fail($"""
            docs/openapi.json is not what the API serves. First difference in line {line + 1}:
              committed: {theirs.ElementAtOrDefault(line)}
              served:    {ours.ElementAtOrDefault(line)}
            If the change is meant, run this test with {Update}=1, and commit the file.
            """);
    }

    [TestMethod]
    public async Task Document_EveryOperation_IsDescribed()
    {
        using var document = JsonDocument.Parse(await ReadAsync());
        var ids = new HashSet<string>();
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith("/api/", StringComparison.Ordinal)))
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var what = $"{operation.Name} {path.Name}";
                Assert.IsTrue(operation.Value.TryGetProperty("summary", out _), what);
                Assert.IsTrue(operation.Value.TryGetProperty("description", out _), what);
                Assert.IsTrue(operation.Value.TryGetProperty("tags", out _), what);
                Assert.IsTrue(ids.Add(operation.Value.GetProperty("operationId").GetString()!), what);
                // To invoke an endpoint is a call of the data plane, errors included.
                var form = path.Name.EndsWith(":invoke", StringComparison.Ordinal) ? "application/json" : "application/problem+json";
                foreach (var response in operation.Value.GetProperty("responses").EnumerateObject().Where(r => r.Name[0] is '4' or '5'))
                    Assert.IsTrue(response.Value.GetProperty("content").TryGetProperty(form, out _), $"{what} {response.Name}");
            }
        }
    }

    [TestMethod]
    public async Task Document_Servers_NameNoMachine()
    {
        using var document = JsonDocument.Parse(await ReadAsync());
        Assert.AreEqual("/", document.RootElement.GetProperty("servers")[0].GetProperty("url").GetString());
    }

    private static async Task<string> ReadAsync()
    {
        using var api = new ApiHost();
        var answer = (await api.GetAsync("/openapi/v1.json")).AssertStatus(200);
        return answer.Text.ReplaceLineEndings("\n").TrimEnd() + "\n";
    }
}
