using System.Text;
using System.Text.Json;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Ingress.Protocols;

[TestClass]
public sealed class ErrorFormTests
{
    [TestMethod]
    [DataRow("/v1/chat/completions", """{"model":"m"}""", """{"error":{"message":"*","type":"invalid_request_error","param":"model","code":"model_not_found"}}""")]
    [DataRow("/v1/messages", """{"model":"m"}""", """{"type":"error","error":{"type":"not_found_error","message":"*"}}""")]
    [DataRow("/generate?model=m", """{"inputs":"a"}""", """{"error":"*","error_type":"validation"}""")]
    [DataRow("/v2/models/m/infer", "{}", """{"error":"*"}""")]
    [DataRow("/v2/models/m/generate", "{}", """{"error":"*"}""")]
    public async Task UnknownModel_EachProtocol_IsSaidInItsForm(string path, string body, string form)
    {
        await using var api = await ApiUnderTest.StartAsync();
        AssertForm(form, await PostAsync(api, path, body, 404));
    }

    [TestMethod]
    [DataRow("/v1/chat/completions", """{"model":"m"}""", """{"error":{"message":"*","type":"rate_limit_error","param":null,"code":"overloaded"}}""")]
    [DataRow("/v1/messages", """{"model":"m"}""", """{"type":"error","error":{"type":"rate_limit_error","message":"*"}}""")]
    [DataRow("/generate_stream?model=m", """{"inputs":"a"}""", """{"error":"*","error_type":"overloaded"}""")]
    [DataRow("/v2/models/m/infer", "{}", """{"error":"*"}""")]
    public async Task FullFleet_EachProtocol_IsSaidInItsFormWithATimeToComeBack(string path, string body, string form)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => new() { Status = RouteStatus.Overloaded, RetryAfter = TimeSpan.FromSeconds(3) };
        using var request = IngressForwardingTests.Post(body, path);
        using var response = await api.Http.SendAsync(request);
        Assert.AreEqual(429, (int)response.StatusCode);
        Assert.AreEqual("3", IngressForwardingTests.Header(response, "Retry-After"));
        AssertForm(form, await response.Content.ReadAsStringAsync());
    }

    [TestMethod]
    [DataRow("/v1/messages", "{", """{"type":"error","error":{"type":"invalid_request_error","message":"*"}}""")]
    [DataRow("/generate?model=m", "{", """{"error":"*","error_type":"validation"}""")]
    [DataRow("/generate?model=m", "[]", """{"error":"*","error_type":"validation"}""")]
    [DataRow("/generate?model=m", """{"parameters":{}}""", """{"error":"'inputs' is required and must be a string.","error_type":"validation"}""")]
    [DataRow("/generate?model=m", """{"inputs":7}""", """{"error":"'inputs' is required and must be a string.","error_type":"validation"}""")]
    [DataRow("/generate?model=m", """{"inputs":"a","parameters":{"max_new_tokens":"7"}}""", """{"error":"'max_new_tokens' must be an integer from 0 to 2147483647.","error_type":"validation"}""")]
    [DataRow("/generate?model=m", """{"inputs":"a"} trailing""", """{"error":"*","error_type":"validation"}""")]
    [DataRow("/generate?model=m", """{"\ud800":1,"inputs":"a"}""", null)]
    [DataRow("/v2/models/m/generate", "{", """{"error":"*"}""")]
    [DataRow("/v2/models/m/generate", """{"max_tokens":-1}""", """{"error":"'max_tokens' must be an integer from 0 to 2147483647."}""")]
    public async Task BadBody_EachProtocol_IsRefusedInItsFormBeforeRouting(string path, string body, string? form)
    {
        await using var api = await ApiUnderTest.StartAsync();
        var answer = await PostAsync(api, path, body, 400);
        if (form is not null) AssertForm(form, answer);
        Assert.IsEmpty(api.Router.Queries);
    }

    [TestMethod]
    public async Task TooLarge_EachProtocol_IsSaidInItsForm()
    {
        await using var api = await ApiUnderTest.StartAsync(("MaxBodyBytes", "2000"));
        var body = $$"""{"inputs":"{{new string('x', 3000)}}"}""";
        AssertForm("""{"error":"*","error_type":"validation"}""", await PostAsync(api, "/generate?model=m", body, 413));
        AssertForm("""{"error":"*"}""", await PostAsync(api, "/v2/models/m/infer", body, 413));
        AssertForm("""{"type":"error","error":{"type":"request_too_large","message":"*"}}""", await PostAsync(api, "/v1/messages", body, 413));
    }

    private static async Task<string> PostAsync(ApiUnderTest api, string path, string body, int status)
    {
        using var request = IngressForwardingTests.Post(body, path);
        using var response = await api.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(status, (int)response.StatusCode, text);
        Assert.AreEqual("application/json", response.Content.Headers.ContentType?.MediaType);
        return text;
    }

    /// <summary>The answer has the fields of the form and no others; * stands for a text.</summary>
    private static void AssertForm(string form, string answer) => Assert.AreEqual(Shape(form, form), Shape(answer, form), answer);

    private static string Shape(string json, string form)
    {
        using var document = JsonDocument.Parse(json);
        using var wanted = JsonDocument.Parse(form);
        var text = new StringBuilder();
        Walk(document.RootElement, wanted.RootElement, text);
        return text.ToString();
    }

    private static void Walk(JsonElement value, JsonElement form, StringBuilder text)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            text.Append(form.ValueKind == JsonValueKind.String && form.GetString() == "*" && value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0 ? "*" : value.ToString()).Append(';');
            return;
        }
        foreach (var field in value.EnumerateObject())
        {
            text.Append(field.Name).Append(':');
            Walk(field.Value, form.ValueKind == JsonValueKind.Object && form.TryGetProperty(field.Name, out var inner) ? inner : default, text);
        }
        text.Append('|');
    }
}
