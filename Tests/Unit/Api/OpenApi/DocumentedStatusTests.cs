using System.Text.Json;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.OpenApi;

/// <summary>Sends good, odd and broken input to everything that the document lists: the answer is always one that it names.</summary>
[TestClass]
public sealed class DocumentedStatusTests
{
    private static readonly string[] Segments = ["n1", "a%20b", "%00", "..%2f..", "%F0%9F%98%80", new('x', 3000)];
    private static readonly string?[] Bodies = [null, "", "{}", "[]", "null", "{\"kind\":\"routing\"}", "{\"model\":\"m\"}", "{\"a\":", "\u0000", "{\"name\":\"\\ud800\"}", "{\"version\":99999999999999999999}"];
    private static readonly (string, string)[][] HeaderSets =
    [
        [], [("If-Match", "*")], [("If-None-Match", "*")], [("If-Match", "\"1\"")], [("If-Match", "junk")], [("x-infermesh-actor", new string('a', 200))], [("Last-Event-ID", "x")],
    ];

    [TestMethod]
    public async Task EveryOperation_AnyInput_AnswersADocumentedStatus()
    {
        using var api = new ApiHost();
        api.Mesh.Cells["c1"] = Cells.Of("c1", Cells.Node("n1", "c1"));
        using var document = JsonDocument.Parse((await api.GetAsync("/openapi/v1.json")).Text);
        var sent = 0;
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith("/api/", StringComparison.Ordinal)))
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var documented = operation.Value.GetProperty("responses").EnumerateObject().Select(r => r.Name).ToHashSet();
                foreach (var (url, body, headers) in Inputs(path.Name, operation))
                {
                    // An event stream never ends, so events are read as pages here.
                    var answer = await api.SendAsync(new(operation.Name.ToUpperInvariant()), url, body, [("Accept", "application/json"), .. headers]);
                    var status = ((int)answer.Status).ToString(System.Globalization.CultureInfo.InvariantCulture);
                    // Kestrel itself refuses addresses that are no text, before any route.
                    var isOutside = answer.Status is System.Net.HttpStatusCode.BadRequest or System.Net.HttpStatusCode.NotFound && url.Contains('%', StringComparison.Ordinal);
                    Assert.IsTrue(documented.Contains(status) || isOutside, $"{operation.Name} {url} {body} {string.Join(';', headers)}: {status} {answer.Text}");
                    sent++;
                }
            }
        }
        Assert.IsGreaterThan(500, sent);
    }

    private static IEnumerable<(string Url, string? Body, (string, string)[] Headers)> Inputs(string path, JsonProperty operation)
    {
        string[] segments = path.Contains('{', StringComparison.Ordinal) ? Segments : [""];
        var bodies = operation.Value.TryGetProperty("requestBody", out var taken) ? [.. Bodies, Example(taken)] : new string?[] { null };
        foreach (var segment in segments)
        {
            var url = path.Replace("{id}", segment, StringComparison.Ordinal).Replace("{name}", segment, StringComparison.Ordinal);
            foreach (var body in bodies)
            {
                foreach (var headers in HeaderSets) yield return (url, body, headers);
            }
            foreach (var query in new[] { "?nope=1", "?limit=x&cursor=x&force=x&after=x&kind=x", "?limit=1&limit=2", "?=", "?label==&health=" })
                yield return (url + query, bodies[^1], []);
        }
    }

    private static string? Example(JsonElement body) =>
        body.GetProperty("content").TryGetProperty("application/json", out var json) && json.TryGetProperty("example", out var example) ? example.GetRawText() : null;
}
