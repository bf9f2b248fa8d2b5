using System.Text;
using InferMesh.Tests.Unit.Api.Ingress.Wire;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>
/// What a scanner of web applications tries, over real sockets. Framing and smuggling are in <see cref="BadInputTests"/>, tokens of attackers in <see cref="TokenTests"/>, host names and
/// origins in <see cref="Http.SecurityHeadersTests"/>.
/// </summary>
[TestClass]
public sealed class AttackTests
{
    private const string Key = "key-of-sixteen-characters";
    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new(("InferMesh:Api:AdminKeys:0", Key));

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    [DataRow("/swagger/../appsettings.json")]
    [DataRow("/swagger/..%2fappsettings.json")]
    [DataRow("/swagger/%2e%2e/appsettings.json")]
    [DataRow("/swagger/..%5cappsettings.json")]
    [DataRow("/swagger/....//appsettings.json")]
    [DataRow("/swagger/%252e%252e/appsettings.json")]
    [DataRow("/swagger/%c0%ae%c0%ae/appsettings.json")]
    [DataRow("/../../../../etc/passwd")]
    [DataRow("/%2e%2e/%2e%2e/%2e%2e/etc/passwd")]
    [DataRow("/openapi/../../appsettings.json")]
    [DataRow("/openapi/..%2f..%2fetc%2fpasswd.json")]
    [DataRow("/openapi/%2e%2e%2fv1.json")]
    [DataRow("/.git/config")]
    [DataRow("/appsettings.json")]
    [DataRow("/InferMesh.Api.dll")]
    [DataRow("/swagger/index.html.bak")]
    [DataRow("/api/v1/nodes/..%2f..%2fwhoami")]
    [DataRow("/api/v1/nodes/%2e%2e/whoami%00")]
    [DataRow("/api/v1/policies/..%5c..%5cetc")]
    public async Task Path_OutOfItsFolder_LeadsNowhere(string path)
    {
        var answer = await RawAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {Key}\r\n\r\n");
        Assert.IsTrue(answer.Status is 400 or 404, $"{answer.Status} {answer.Body}");
        Assert.DoesNotContain("root:", answer.Body);
        Assert.DoesNotContain("LogLevel", answer.Body);
    }

    [TestMethod]
    [DataRow("//evil.example/%2f..")]
    [DataRow("/\\evil.example")]
    [DataRow("//evil.example")]
    [DataRow("/swagger//evil.example")]
    [DataRow("/swagger?url=https://evil.example/x.json")]
    [DataRow("/swagger/%0d%0aLocation:%20https://evil.example")]
    public async Task Path_OfElsewhere_RedirectsNowhereElse(string path)
    {
        var answer = await RawAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if (answer.Headers.TryGetValue("Location", out var location)) Assert.IsFalse(location.StartsWith("//", StringComparison.Ordinal) || (location.Contains("evil", StringComparison.Ordinal) && location.Contains("://", StringComparison.Ordinal) && !location.Contains("url=", StringComparison.Ordinal)), location);
        else Assert.IsTrue(answer.Status is 400 or 404, $"{answer.Status}");
    }

    [TestMethod]
    [DataRow("%0d%0aX-Evil:%201")]
    [DataRow("%0aX-Evil:%201")]
    [DataRow("%E5%98%8D%E5%98%8AX-Evil:%201")] // Line ends to those who cut characters to bytes.
    [DataRow("a%00b")]
    public async Task Name_WithALineEnd_BecomesNoHeader(string name)
    {
        foreach (var (method, path, body) in new[] { ("GET", $"/api/v1/policies/{name}", ""), ("PUT", $"/api/v1/tenants/{name}", "{}"), ("GET", $"/v1/models/{name}", ""), ("DELETE", $"/api/v1/keys/{name}", "") })
        {
            var answer = await RawAsync($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {Key}\r\nIf-Match: *\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            Assert.IsTrue(answer.Status is >= 400 and < 500, $"{method} {path}: {answer.Status}");
            Assert.IsFalse(answer.Headers.ContainsKey("X-Evil"), path);
        }
    }

    [TestMethod]
    [DataRow("x-request-id", "a\u0001b")]
    [DataRow("x-infermesh-actor", "a\u0085b")]
    [DataRow("x-infermesh-tenant", "a\u0007b")]
    public async Task Header_WithControlCharacters_IsRefusedOrNotSaidAgain(string name, string value)
    {
        var answer = await RawAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: {Key}\r\n{name}: {value}\r\nContent-Length: 13\r\n\r\n{{\"model\":\"m\"}}");
        Assert.IsTrue(answer.Status is >= 400 and < 500 or 503, $"{answer.Status}");
        Assert.IsFalse(answer.Headers.Values.Any(v => v.Any(char.IsControl)));
    }

    [TestMethod]
    [DataRow("X-HTTP-Method-Override")]
    [DataRow("X-HTTP-Method")]
    [DataRow("X-Method-Override")]
    [DataRow("_method")]
    public async Task Verb_InAHeader_IsNotTaken(string header)
    {
        (await s_api.PutAsync("/api/v1/tenants/kept", "{}", ("x-api-key", Key), ("If-None-Match", "*"))).AssertStatus(201);
        try
        {
            (await s_api.GetAsync("/api/v1/tenants/kept", ("x-api-key", Key), (header, "DELETE"), ("If-Match", "*"))).AssertStatus(200);
            (await s_api.PostAsync("/api/v1/tenants/kept", "{}", ("x-api-key", Key), (header, "DELETE"), ("If-Match", "*"))).AssertProblem(405);
            (await s_api.GetAsync("/api/v1/tenants/kept", ("x-api-key", Key))).AssertStatus(200);
        }
        finally
        {
            await s_api.DeleteAsync("/api/v1/tenants/kept", ("x-api-key", Key), ("If-Match", "*"));
        }
    }

    [TestMethod]
    [DataRow("TRACE")]
    [DataRow("TRACK")]
    [DataRow("DEBUG")]
    [DataRow("OPTIONS")]
    [DataRow("PROPFIND")]
    [DataRow("HEAD")]
    [DataRow("NONSENSE")]
    public async Task Verb_Unknown_IsRefused_AndNothingIsSaidAgain(string verb)
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync($"{verb} /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\nx-api-key: {Key}\r\nConnection: close\r\n\r\n");
        // An answer to HEAD has a length and no body; that is the end of what is read here.
        var answer = verb == "HEAD" ? null : await connection.ReadAsync();
        if (answer is null) return;
        Assert.IsTrue(answer.Status is 404 or 405, $"{answer.Status}");
        Assert.DoesNotContain(Key, answer.Body);
    }

    [TestMethod]
    [DataRow("text/plain")]
    [DataRow("application/x-www-form-urlencoded")]
    [DataRow("multipart/form-data; boundary=x")]
    [DataRow("application/xml")]
    [DataRow("application/json;charset=utf-7")]
    [DataRow("application/json;charset=utf-16")]
    [DataRow("application/json;charset=\"nonsense\"")]
    [DataRow("")]
    [DataRow("text/plain, application/json")]
    public async Task Type_ThatIsNoJson_IsUnsupported(string type)
    {
        foreach (var (method, path) in new[] { ("POST", "/api/v1/policies"), ("PUT", "/api/v1/tenants/acme"), ("POST", "/api/v1/nodes/n:cordon") })
        {
            var answer = await RawAsync($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {Key}\r\nIf-Match: *\r\nContent-Type: {type}\r\nContent-Length: 2\r\n\r\n{{}}");
            Assert.AreEqual(415, answer.Status, $"{path}: {answer.Body}");
        }
    }

    [TestMethod]
    [DataRow("nested objects")]
    [DataRow("nested arrays")]
    [DataRow("an array of a hundred thousand")]
    [DataRow("a map of sixty thousand")]
    [DataRow("a number of a hundred thousand digits")]
    [DataRow("a text of half a megabyte")]
    public async Task Body_ThatIsHuge_IsRefusedQuietly(string what)
    {
        var body = what switch
        {
            "nested objects" => string.Concat(Enumerable.Repeat("{\"routing\":", 50_000)),
            "nested arrays" => "{\"models\":" + new string('[', 100_000),
            "an array of a hundred thousand" => $"{{\"name\":\"p\",\"kind\":\"routing\",\"models\":[{string.Join(',', Enumerable.Repeat("\"m\"", 100_000))}]}}",
            "a map of sixty thousand" => $"{{\"id\":\"n\",\"cell\":\"c\",\"labels\":{{{string.Join(',', Enumerable.Range(0, 60_000).Select(i => $"\"k{i}\":\"\""))}}}}}",
            "a number of a hundred thousand digits" => $"{{\"name\":\"p\",\"priority\":{new string('9', 100_000)}}}",
            _ => $"{{\"name\":\"{new string('n', 500_000)}\",\"kind\":\"routing\"}}",
        };
        var problem = (await s_api.PostAsync(what.Contains("map", StringComparison.Ordinal) ? "/api/v1/nodes" : "/api/v1/policies", body, ("x-api-key", Key))).AssertProblem(400);
        Assert.IsLessThan(64 * 1024, problem.Text.Length, "An answer is not as large as what it refuses.");
    }

    [TestMethod]
    [DataRow("a\u202eb")] // Written from right to left.
    [DataRow("\u0430dmin")] // A Cyrillic letter that looks like a Latin one.
    [DataRow("admin\u200b")] // A space of no width.
    [DataRow("\uff21dmin")] // A wide letter.
    [DataRow("e\u0301")]
    [DataRow("\u0130")]
    [DataRow(" admin")]
    [DataRow("admin.")]
    public async Task Name_OfOtherLetters_IsNoName(string name)
    {
        // A point at the end is a letter of a name like any other: what counts is that it is another name.
        if (name == "admin.") (await s_api.GetAsync("/api/v1/tenants/admin.", ("x-api-key", Key))).AssertProblem(404);
        else (await s_api.PutAsync($"/api/v1/tenants/{Uri.EscapeDataString(name)}", "{}", ("x-api-key", Key), ("If-None-Match", "*"))).AssertProblem(400);
    }

    [TestMethod]
    [DataRow("/api/v1/nodes?limit=1&limit=1000")]
    [DataRow("/api/v1/nodes?LIMIT=1")]
    [DataRow("/api/v1/nodes?limit=1;drop")]
    [DataRow("/api/v1/nodes?cursor=%00")]
    [DataRow("/api/v1/events?after=-1%0d%0a")]
    public async Task Query_ThatIsOdd_IsRefused(string path) => (await s_api.GetAsync(path, ("x-api-key", Key), ("Accept", "application/json"))).AssertProblem(400);

    [TestMethod]
    public async Task Page_OfAnError_RunsNoScript()
    {
        var answer = await RawAsync($"GET /api/v1/policies/%3Cscript%3Ealert(1)%3C%2Fscript%3E HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nx-api-key: {Key}\r\n\r\n");
        Assert.AreEqual("application/problem+json", answer.Headers["Content-Type"]);
        Assert.AreEqual("nosniff", answer.Headers["X-Content-Type-Options"]);
        Assert.Contains("default-src 'none'", answer.Headers["Content-Security-Policy"]);
    }

    private static async Task<RawAnswer> RawAsync(string message)
    {
        using var connection = await RawConnection.OpenAsync(s_api.Http.BaseAddress!);
        await connection.SendAsync(Encoding.UTF8.GetBytes(message));
        return await connection.ReadAsync() ?? new(400, new Dictionary<string, string>(), "");
    }
}
