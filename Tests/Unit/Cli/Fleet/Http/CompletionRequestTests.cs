using System.Buffers;
using System.Text;
using InferMesh.Cli.Fleet.Http;

namespace InferMesh.Tests.Unit.Cli.Fleet.Http;

[TestClass]
public sealed class CompletionRequestTests
{
    [TestMethod]
    [DataRow("\"abcd\"", 1)]
    [DataRow("\"abcde\"", 2)]
    [DataRow("\"\"", 1)]
    [DataRow("\"\\u00e9\\u00e9\\u00e9\"", 2)]
    [DataRow("\"\u20ac\u20ac\"", 2)]
    [DataRow("[1,2,3,4,5]", 5)]
    [DataRow("[\"abcdefgh\"]", 2)]
    [DataRow("[[7,8,9]]", 3)]
    public void Read_Prompt_EstimatesTokens(string prompt, int expected)
        => Assert.AreEqual(expected, Read($"{{\"model\":\"m\",\"prompt\":{prompt}}}", chat: false).Request!.PromptTokens);

    [TestMethod]
    public void Read_ChatParts_SumsTheirText()
    {
        var (request, _) = Read("""{"model":"m","messages":[{"role":"system","content":"abcd"},{"role":"user","content":[{"type":"text","text":"abcdef"}]}],"stream":true,"max_completion_tokens":9}""", chat: true);

        Assert.AreEqual(3, request!.PromptTokens, "ten bytes");
        Assert.AreEqual(9, request.MaxTokens);
        Assert.IsTrue(request.Stream);
        Assert.IsFalse(request.IncludeUsage);
    }

    [TestMethod]
    [DataRow("{", null)]
    [DataRow("[]", null)]
    [DataRow("""{"prompt":"x"}""", "model")]
    [DataRow("""{"model":"","prompt":"x"}""", "model")]
    [DataRow("""{"model":"m"}""", "prompt")]
    [DataRow("""{"model":"m","prompt":5}""", "prompt")]
    [DataRow("""{"model":"m","prompt":["a","b"]}""", "prompt")]
    [DataRow("""{"model":"m","prompt":"x","max_tokens":0}""", "max_tokens")]
    [DataRow("""{"model":"m","prompt":"x","max_tokens":1.5}""", "max_tokens")]
    [DataRow("""{"model":"m","prompt":"x","stream":"yes"}""", "stream")]
    [DataRow("""{"model":"m","prompt":"x","stream_options":3}""", "stream_options")]
    [DataRow("""{"model":"m","prompt":"x","n":2}""", "n")]
    public void Read_BadInput_NamesTheField(string body, string? field)
    {
        var (request, error) = Read(body, chat: false);

        Assert.IsNull(request);
        Assert.AreEqual(field, error.Param);
        Assert.AreNotEqual("", error.Message);
    }

    private static (CompletionRequest? Request, RequestError Error) Read(string body, bool chat)
    {
        var request = CompletionRequest.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)), chat, out var error);
        return (request, error);
    }
}
