using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd;

/// <summary>Every route of the served OpenAPI document, with good, odd and hostile input: a documented status, never a 500.</summary>
[TestClass]
public sealed class OpenApiSweepTests
{
    private static readonly string[] Bodies =
    [
        "", "{", "null", "[]", "42", "\"text\"", "{}", "{\"unknown\":1}", "{\"kind\":\"nonsense\"}", "{\"name\":\"..\",\"kind\":\"routing\"}", "{\"model\":7}",
        "{\"model\":\"\",\"promptTokens\":-1}", "{\"model\":\"x\",\"promptTokens\":1e99}", "{\"model\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}",
        "{\"cell\":\"a b\",\"labels\":{\"\":null},\"roles\":[null]}", "{\"version\":\"one\"}", "{\"timeoutSeconds\":0}", "{\"decisionId\":\"1-x\",\"status\":\"success\"}",
    ];

    private static readonly string[] Names = ["no-such-thing", "%2e%2e", "a%20b", "%00", new string('x', 300), "1", "%F0%9F%92%A5"];

    [TestMethod]
    public async Task EveryRoute_AnyInput_AnswersADocumentedStatus()
    {
        var mesh = await SharedMesh.GetAsync();
        var document = await mesh.Api.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var wrong = new List<string>();
        var calls = 0;
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject().Where(o => o.Value.ValueKind == JsonValueKind.Object))
            {
                var documented = operation.Value.GetProperty("responses").EnumerateObject().Select(r => r.Name).ToHashSet();
                foreach (var (url, body) in Inputs(path.Name, operation))
                {
                    using var request = new HttpRequestMessage(new(operation.Name.ToUpperInvariant()), url);
                    if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
                    if (path.Name.EndsWith("/events", StringComparison.Ordinal)) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
                    request.Headers.TryAddWithoutValidation("If-Match", calls % 3 == 0 ? "\"1\"" : calls % 3 == 1 ? "nonsense" : "*");
                    using var response = await mesh.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                    calls++;
                    var status = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
                    // An encoded address may name another route, or none: the server decodes it before it looks.
                    if (url.Contains('%', StringComparison.Ordinal) && response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest) continue;
                    if (!documented.Contains(status) || response.StatusCode == HttpStatusCode.InternalServerError)
                        wrong.Add($"{operation.Name.ToUpperInvariant()} {url} {body} -> {status}, documented: {string.Join(", ", documented)}");
                    // To invoke an endpoint is a call of the data plane, errors included.
                    else if ((int)response.StatusCode >= 400 && path.Name.StartsWith("/api/", StringComparison.Ordinal) && !path.Name.EndsWith(":invoke", StringComparison.Ordinal) && response.Content.Headers.ContentType?.MediaType != "application/problem+json")
                        wrong.Add($"{operation.Name.ToUpperInvariant()} {url} {body} -> {status} is no problem details but {response.Content.Headers.ContentType}");
                }
            }
        }
        Assert.IsGreaterThan(300, calls);
        Assert.IsEmpty(wrong, $"{wrong.Count} of {calls}:\n{string.Join("\n", wrong.Take(40))}");
    }

    [TestMethod]
    public async Task Policy_HundredPutsWithOneVersion_ExactlyOneWins()
    {
        var mesh = await SharedMesh.GetAsync();
        var name = $"contended-{Guid.NewGuid():N}";
        using var created = await mesh.Api.PostAsJsonAsync("/api/v1/policies", new { name, kind = "routing", models = new[] { "nobody-*" }, routing = new { strategy = "mesh" } });
        Assert.AreEqual(HttpStatusCode.Created, created.StatusCode);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            using var put = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/policies/{name}")
            {
                Content = JsonContent.Create(new { kind = "routing", priority = i, models = new[] { "nobody-*" }, routing = new { strategy = "least_queue" } }),
            };
            put.Headers.IfMatch.Add(created.Headers.ETag!);
            using var response = await mesh.Api.SendAsync(put);
            return response.StatusCode;
        }));
        Assert.AreEqual(1, answers.Count(s => s == HttpStatusCode.OK));
        Assert.AreEqual(99, answers.Count(s => s == HttpStatusCode.PreconditionFailed));

        using var delete = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/policies/{name}");
        delete.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        using var deleted = await mesh.Api.SendAsync(delete);
        Assert.AreEqual(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    private static IEnumerable<(string Url, string? Body)> Inputs(string path, JsonProperty operation)
    {
        var open = path.IndexOf('{', StringComparison.Ordinal);
        var takesBody = operation.Value.TryGetProperty("requestBody", out _) || operation.Name is "post" or "put";
        string[] urls = open < 0 ? [path] : [.. Names.Select(n => path[..open] + n + path[(path.IndexOf('}', open) + 1)..])];
        foreach (var url in urls)
        {
            if (!takesBody)
            {
                yield return (url, null);
                yield return ($"{url}?limit=-1&cursor=%FF&after=x&force=maybe&kind=zzz&health=zzz", null);
            }
            else if (open < 0 || url == urls[0])
            {
                foreach (var body in Bodies) yield return (url, body);
            }
            else
            {
                yield return (url, "{}");
            }
        }
    }
}
