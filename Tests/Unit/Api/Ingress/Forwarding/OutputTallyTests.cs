using System.Net.Http.Headers;
using System.Text;
using InferMesh.Api.Ingress.Forwarding;

namespace InferMesh.Tests.Unit.Api.Ingress.Forwarding;

[TestClass]
public sealed class OutputTallyTests
{
    private const string Stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata:{\"choices\":[{\"delta\":{\"content\":\"data: {\\n\"}}]}\r\n\r\n: ping\n\nevent: x\ndata: {\"choices\":[]}\n\ndata: [DONE]\n\n";

    private const string Usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\": 41,\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n\ndata: [DONE]\n\n";

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(7)]
    [DataRow(64)]
    [DataRow(4096)]
    public void Tokens_OfAStream_AreItsEventsHoweverItIsCut(int chunk) => Assert.AreEqual(3, Tally("text/event-stream; charset=utf-8", Stream, chunk));

    [TestMethod]
    [DataRow(1)]
    [DataRow(5)]
    [DataRow(4096)]
    public void Tokens_RuntimeSaysHowMany_AreThose(int chunk) => Assert.AreEqual(41, Tally("text/event-stream", Stream[..^14] + Usage, chunk));

    [TestMethod]
    [DataRow(1)]
    [DataRow(1000)]
    [DataRow(100_000)]
    public void Tokens_OfAnAnswerInOnePiece_AreItsUsage(int chunk) => Assert.AreEqual(
        241, Tally("application/json", $$"""{"choices":[{"text":"{{new string('x', 50_000)}}"}],"usage":{"prompt_tokens":812,"total_tokens":1053,"completion_tokens":241},"system_fingerprint":null}""", chunk));

    [TestMethod]
    public void PromptTokens_RuntimeSaysHowMany_AreThose()
    {
        Assert.AreEqual(9, Read("text/event-stream", Stream[..^14] + Usage, 7).PromptTokens);
        Assert.IsNull(Read("text/event-stream", Stream, 7).PromptTokens);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(4096)]
    public void Tokens_TgiSaysHowMany_AreThose(int chunk) => Assert.AreEqual(
        2, Tally("text/event-stream", "data:{\"token\":{\"id\":1},\"details\":null}\n\ndata:{\"token\":{\"id\":2},\"details\":{\"finish_reason\":\"length\",\"generated_tokens\":2}}\n\n", chunk));

    [TestMethod]
    [DataRow("""{"type":"message","content":[],"usage":{"input_tokens":12,"cache_read_input_tokens":3,"output_tokens":7}}""", DisplayName = "messages")]
    [DataRow("""{"output":[],"usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":0},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":19}}""", DisplayName = "responses")]
    public void Usage_OfOtherProtocols_IsRead(string answer)
    {
        var tally = Read("application/json", answer, 9);
        Assert.AreEqual((12, 7), (tally.PromptTokens, tally.Tokens));
    }

    [TestMethod]
    public void Tokens_KeyInsideAText_IsNotBelieved() =>
        Assert.IsNull(Tally("application/json", """{"choices":[{"text":"{\"completion_tokens\":7}"}]}""", 10));

    [TestMethod]
    [DataRow("application/json", "{}")]
    [DataRow("application/json", """{"usage":{"completion_tokens":-1}}""")]
    [DataRow("application/json", """{"usage":{"completion_tokens":99999999999}}""")]
    [DataRow("application/json", """{"usage":{"completion_tokens":""")]
    [DataRow("text/event-stream", "data: [DONE]\n\n")]
    [DataRow("text/event-stream", "")]
    public void Tokens_NobodySays_AreUnknown(string type, string answer) => Assert.IsNull(Tally(type, answer, 8));

    [TestMethod]
    public void Tokens_OfACompressedAnswer_AreUnknown()
    {
        using var content = Content("text/event-stream");
        content.Headers.ContentEncoding.Add("gzip");
        var tally = OutputTally.For(content.Headers);
        tally.Add(Encoding.UTF8.GetBytes(Stream));
        Assert.IsNull(tally.Tokens);
    }

    private static int? Tally(string type, string answer, int chunk) => Read(type, answer, chunk).Tokens;

    private static OutputTally Read(string type, string answer, int chunk)
    {
        using var content = Content(type);
        var tally = OutputTally.For(content.Headers);
        foreach (var part in Encoding.UTF8.GetBytes(answer).Chunk(chunk)) tally.Add(part);
        return tally;
    }

    private static ByteArrayContent Content(string type) => new([]) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
}
