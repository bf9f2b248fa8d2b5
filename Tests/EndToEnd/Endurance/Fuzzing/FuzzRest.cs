using System.Globalization;
using System.Text;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

/// <summary>Calls of REST: every path and method of the served document, some of neither.</summary>
internal sealed class FuzzRest(JsonElement document)
{
    private static readonly string[] Verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"];
    private static readonly string[] OddPaths = ["/", "//", "/api", "/api/v1", "/api/v2/nodes", "/swagger", "/swagger/../appsettings.json", "/openapi/v1.json", "/metrics", "/health/ready", "/.git/config", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/nodes/..%2f..%2fetc", "/v1/models/a/b/c", "/api/v1/keys", "/api/v1/whoami", "/api/v1/keys/fuzz"];
    private static readonly string[] OddTypes = ["", "text/plain", "application/xml", "application/json; charset=utf-16", "application/json;charset=utf-7", "multipart/form-data; boundary=x", "application/grpc", "application/json, text/plain", "nonsense"];
    private static readonly string[] OddHeaders = ["x-infermesh-tenant", "x-infermesh-project", "x-infermesh-session", "x-infermesh-slo", "x-infermesh-prompt-tokens", "x-infermesh-actor", "x-request-id", "idempotency-key", "traceparent", "tracestate", "range", "if-none-match", "if-match", "last-event-id", "x-http-method-override", "x-forwarded-for", "forwarded", "accept", "accept-encoding", "content-encoding", "origin", "cookie", "expect", "upgrade", "te"];

    private readonly (string Path, string Verb, JsonElement Operation)[] _operations =
        [.. document.GetProperty("paths").EnumerateObject().SelectMany(static p => p.Value.EnumerateObject().Where(static o => o.Value.ValueKind == JsonValueKind.Object).Select(o => (p.Name, o.Name.ToUpperInvariant(), o.Value)))];

    public FuzzCall Next(int index, FuzzInput input)
    {
        var (path, verb, operation) = input.Pick(_operations);
        input.OwnNamesOnly = verb is not "GET";
        var isOdd = input.Chance(0.05);
        var url = isOdd ? input.Pick(OddPaths) : Fill(path, input) + Query(operation, input);
        if (isOdd || input.Chance(0.03)) (verb, isOdd) = (input.Pick(Verbs), true);
        var headers = new List<(string, string)>();
        if (operation.TryGetProperty("parameters", out var parameters))
        {
            foreach (var header in parameters.EnumerateArray().Where(static p => p.TryGetProperty("in", out var at) && at.GetString() == "header"))
            {
                if (input.Chance(0.7)) headers.Add((header.GetProperty("name").GetString()!, header.GetProperty("name").GetString()!.StartsWith("If-", StringComparison.OrdinalIgnoreCase) ? input.Tag() : OneLine(input.Text())));
            }
        }
        while (input.Chance(0.3)) headers.Add((input.Pick(OddHeaders), OneLine(input.Text())));
        var body = verb is "GET" or "HEAD" or "TRACE" ? null : new FuzzJson(document, input).Body(operation);
        if (body is not null) headers.Add(("content-type", input.Chance(0.9) ? "application/json" : input.Pick(OddTypes)));
        return new(index, FuzzWire.Http, $"{verb} {path}")
        {
            Method = verb,
            Path = url,
            Caller = Caller(input),
            Headers = headers,
            Body = body,
            IsStream = true,
            Documented = isOdd ? new HashSet<int>() : operation.GetProperty("responses").EnumerateObject().Select(static r => int.Parse(r.Name, CultureInfo.InvariantCulture)).ToHashSet(),
        };
    }

    /// <summary>A call as its bytes stand on the wire, broken.</summary>
    public FuzzCall NextRaw(int index, FuzzInput input, Func<FuzzCaller, string?> key)
    {
        var call = Next(index, input);
        var text = new StringBuilder($"{call.Method} {call.Path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        if (key(call.Caller) is { } known) text.Append("Authorization: Bearer ").Append(known).Append("\r\n");
        foreach (var (name, value) in call.Headers) text.Append(name).Append(": ").Append(value).Append("\r\n");
        if (call.Body is { } body) text.Append("Content-Length: ").Append(body.Length.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
        text.Append("Connection: close\r\n\r\n");
        byte[] bytes = [.. Encoding.UTF8.GetBytes(text.ToString()), .. call.Body ?? []];
        return call with { Wire = FuzzWire.Raw, Body = input.Mutate(bytes), Documented = new HashSet<int>() };
    }

    public static FuzzCaller Caller(FuzzInput input) => input.Random.Next(10) switch { 0 => FuzzCaller.Nobody, 1 => FuzzCaller.Stranger, _ => FuzzCaller.Admin };

    private static string Fill(string path, FuzzInput input)
    {
        while (path.IndexOf('{', StringComparison.Ordinal) is >= 0 and var open)
        {
            var name = input.Chance(0.3) ? input.Text() : input.Name();
            path = path[..open] + Uri.EscapeDataString(WellFormed(name)) + path[(path.IndexOf('}', open) + 1)..];
        }
        return path;
    }

    private static string Query(JsonElement operation, FuzzInput input)
    {
        var names = operation.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Where(static p => p.TryGetProperty("in", out var at) && at.GetString() == "query").Select(static p => p.GetProperty("name").GetString()!).ToList()
            : [];
        var parts = names.Where(_ => input.Chance(0.4)).ToList();
        if (input.Chance(0.05)) parts.Add("unknown");
        if (parts.Count > 0 && input.Chance(0.1)) parts.Add(parts[0]);
        return parts.Count == 0 ? "" : "?" + string.Join('&', parts.Select(name => $"{name}={Value(input)}"));
    }

    private static string Value(FuzzInput input) => input.Random.Next(3) switch
    {
        0 => input.Random.Next(0, 100).ToString(CultureInfo.InvariantCulture),
        1 => input.Name(),
        _ => Uri.EscapeDataString(WellFormed(input.Text())),
    };

    // A client that keeps to the rules sends neither halves of characters nor line ends in headers; raw calls do.
    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static string OneLine(string text) => string.Concat(text.Where(static c => c is >= ' ' and <= '~'));
}
