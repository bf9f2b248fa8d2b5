using System.Text;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Tests.Unit.Api.Ingress.Requests;

[TestClass]
public sealed class RequestInspectorTests
{
    [TestMethod]
    public void Inspect_FullRequest_ReadsAllThatRoutingNeeds()
    {
        const string Prompt = """[{"role":"user","content":"12345678"}]""";
        var body = $$"""{"messages":{{Prompt}},"temperature":0.5,"stream":true,"max_tokens":9,"max_completion_tokens":7,"user":"u1","model":"m1","tools":[{"model":"x"}]}""";
        var error = Inspect(body, out var request);

        Assert.IsNull(error);
        var model = body.IndexOf("\"m1\"", StringComparison.Ordinal);
        Assert.AreEqual(new InferenceRequest("m1", true, 7, 3, "u1", 12..(12 + Prompt.Length)) { ModelValue = model..(model + 4) }, request);
    }

    [TestMethod]
    [DataRow("""{"model":"m"}""", 1)]
    [DataRow("""{"model":"m","prompt":"12345678"}""", 2)]
    [DataRow("""{"model":"m","prompt":["1234","5678"]}""", 2)]
    [DataRow("""{"model":"m","prompt":[11,12,13]}""", 3)]
    [DataRow("""{"model":"m","prompt":[[11,12],[13]],"x":[1,2]}""", 3)]
    [DataRow("""{"model":"m","prompt":null,"stream":null,"user":null,"max_tokens":null}""", 1)]
    [DataRow("""{"model":"m","messages":[{"content":[{"text":"12345678"},{"image_url":{"url":"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAA"}}]}]}""", 2)]
    [DataRow("""{"model":"m","messages":[{"n":5,"content":"12345678"},[]],"prompt":"1234"}""", 3)]
    [DataRow("""{"model":"m","input":["1234","5678"]}""", 2)]
    [DataRow("""{"model":"m","input":[11,12,13]}""", 3)]
    [DataRow("""{"model":"m","instructions":"1234","input":[{"role":"user","content":"12345678"}]}""", 4)]
    [DataRow("""{"model":"m","system":[{"type":"text","text":"1234"}],"messages":[{"role":"user","content":"1234"}]}""", 4)]
    [DataRow("""{"model":"m","tokens":[11,12,13]}""", 3)]
    public void Inspect_Prompts_AreMeasured(string body, int tokens)
    {
        Assert.IsNull(Inspect(body, out var request));
        Assert.AreEqual(tokens, request.PromptTokens);
    }

    [TestMethod]
    [DataRow("""{"model":"m"}""", "")]
    [DataRow("""{"prompt" : "a\u0062é" ,"model":"m"}""", "\"a\\u0062é\"")]
    [DataRow("""{"model":"m","prompt":[[1, 2],[3]],"max_tokens":1}""", "[[1, 2],[3]]")]
    [DataRow("""{"model":"m","messages": [{"content":[{"text":"x"}]}] }""", """[{"content":[{"text":"x"}]}]""")]
    [DataRow("""{"model":"m","prompt":null}""", "null")]
    public void Inspect_Prompts_AreFound(string body, string prompt)
    {
        Assert.IsNull(Inspect(body, out var request));
        Assert.AreEqual(prompt, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(body)[request.Prompt]));
    }

    [TestMethod]
    public void Inspect_EscapedNames_AreTheSameNames()
    {
        Assert.IsNull(Inspect("""{"mod\u0065l":"a\u0062"}""", out var request));
        Assert.AreEqual("ab", request.Model);
    }

    [TestMethod]
    [DataRow("", null, "invalid_json", DisplayName = "empty")]
    [DataRow("null", null, "invalid_json")]
    [DataRow("[]", null, "invalid_json")]
    [DataRow("\"model\"", null, "invalid_json")]
    [DataRow("{", null, "invalid_json")]
    [DataRow("""{"model":"m" """, null, "invalid_json", DisplayName = "truncated")]
    [DataRow("""{"model":"m","messages":[{"content":"x"}""", null, "invalid_json", DisplayName = "truncated inside")]
    [DataRow("""{"model":"m"}{"model":"n"}""", null, "invalid_json", DisplayName = "two documents")]
    [DataRow("""{"model":"m",}""", null, "invalid_json", DisplayName = "trailing comma")]
    [DataRow("""{"model":"m"/*c*/}""", null, "invalid_json", DisplayName = "comment")]
    [DataRow("""{"model":"m","x":NaN}""", null, "invalid_json")]
    [DataRow("""{"model":"\ud800"}""", null, "invalid_json", DisplayName = "half a surrogate pair")]
    [DataRow("""{}""", "model", "missing_required_parameter")]
    [DataRow("""{"Model":"m"}""", "model", "missing_required_parameter", DisplayName = "names are case-sensitive")]
    [DataRow("""{"model":"m","model":"n"}""", "model", "duplicate_key")]
    [DataRow("""{"model":"m","mod\u0065l":"n"}""", "model", "duplicate_key", DisplayName = "escaped duplicate")]
    [DataRow("""{"model":"m","stream":true,"stream":false}""", "stream", "duplicate_key")]
    [DataRow("""{"model":7}""", "model", "invalid_value")]
    [DataRow("""{"model":null}""", "model", "invalid_value")]
    [DataRow("""{"model":""}""", "model", "invalid_value")]
    [DataRow("""{"model":"m","stream":"yes"}""", "stream", "invalid_value")]
    [DataRow("""{"model":"m","stream":1}""", "stream", "invalid_value")]
    [DataRow("""{"model":"m","max_tokens":"5"}""", "max_tokens", "invalid_value")]
    [DataRow("""{"model":"m","max_tokens":-1}""", "max_tokens", "invalid_value")]
    [DataRow("""{"model":"m","max_tokens":1.5}""", "max_tokens", "invalid_value")]
    [DataRow("""{"model":"m","max_completion_tokens":99999999999}""", "max_completion_tokens", "invalid_value")]
    [DataRow("""{"model":"m","user":[]}""", "user", "invalid_value")]
    [DataRow("""{"model":"m","messages":"hi"}""", "messages", "invalid_value")]
    [DataRow("""{"model":"m","messages":null}""", "messages", "invalid_value")]
    [DataRow("""{"model":"m","prompt":{}}""", "prompt", "invalid_value")]
    public void Inspect_HostileBody_IsRefusedByName(string body, string? param, string code)
    {
        var error = Inspect(body, out _);

        Assert.IsNotNull(error);
        Assert.AreEqual((param, code), (error.Param, error.Code));
    }

    [TestMethod]
    public void Inspect_LongNames_AreRefused()
    {
        Assert.AreEqual("model", Inspect($$"""{"model":"{{new string('m', 257)}}"}""", out _)?.Param);
        Assert.AreEqual("user", Inspect($$"""{"model":"m","user":"{{new string('u', 257)}}"}""", out _)?.Param);
    }

    [TestMethod]
    public void Inspect_DeepNesting_IsRefusedWithoutHarm() =>
        Assert.AreEqual("invalid_json", Inspect("{\"model\":\"m\",\"x\":" + new string('[', 100_000), out _)?.Code);

    [TestMethod]
    public void Inspect_InvalidUtf8_IsRefused()
    {
        var body = Encoding.UTF8.GetBytes("""{"model":"m","messages":["a"]}""");
        body[^4] = 0xFF;

        Assert.AreEqual("invalid_json", RequestInspector.Inspect(body, out _)?.Code);
    }

    private static RequestError? Inspect(string body, out InferenceRequest request) => RequestInspector.Inspect(Encoding.UTF8.GetBytes(body), out request);
}
