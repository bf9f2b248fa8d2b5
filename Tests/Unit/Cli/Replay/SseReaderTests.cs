using System.Text;
using InferMesh.Cli.Replay;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class SseReaderTests
{
    private const string Text = "data: one\n\n: comment\r\nevent: x\ndata:two\r\n\r\ndata: \u20ac three\n\ndata: [DONE]\n\n";

    [TestMethod]
    public void Feed_CutAnywhere_FindsTheSamePayloads()
    {
        var bytes = Encoding.UTF8.GetBytes(Text);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var found = new List<string>();
            var reader = new SseReader();
            for (var at = 0; at < bytes.Length; at += size)
                reader.Feed(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)), ref found, static (ref List<string> list, ReadOnlySpan<byte> payload) => list.Add(Encoding.UTF8.GetString(payload)));

            CollectionAssert.AreEqual(new[] { "one", "two", "\u20ac three", "[DONE]" }, found, $"cut every {size} bytes");
            Assert.AreEqual(0, reader.PendingBytes);
        }
    }

    [TestMethod]
    public void Feed_EndlessLine_Throws()
    {
        var reader = new SseReader(maxLineBytes: 100);
        Assert.ThrowsExactly<InvalidDataException>(() =>
        {
            var none = 0;
            reader.Feed(new byte[101], ref none, static (ref int _, ReadOnlySpan<byte> _) => { });
        });
    }

    [TestMethod]
    [DataRow("""{"choices":[{"delta":{"role":"assistant","content":""}}]}""", 0)]
    [DataRow("""{"choices":[{"delta":{"content":"x"}}],"usage":null}""", 1)]
    [DataRow("""{"choices":[{"delta":{"content":null}}]}""", 0)]
    [DataRow("""{"choices":[{"text": "x"}]}""", 1)]
    [DataRow("""{"choices":[{"text":"","finish_reason":"length"}],"usage":null}""", 0)]
    public void Tally_Payload_CountsOnlyText(string payload, int expected)
    {
        var tally = new StreamTally();
        StreamTally.Take(ref tally, Encoding.UTF8.GetBytes(payload));

        Assert.AreEqual(expected, tally.TextEvents);
        Assert.IsFalse(tally.Failed);
    }

    [TestMethod]
    public void Tally_UsageErrorAndEnd_AreSeen()
    {
        var tally = new StreamTally();
        StreamTally.Take(ref tally, "{\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9,\"total_tokens\":16}}"u8);
        StreamTally.Take(ref tally, "[DONE]"u8);
        Assert.AreEqual((7, 9, true, false), (tally.PromptTokens, tally.CompletionTokens, tally.Done, tally.Failed));

        StreamTally.Take(ref tally, "{\"error\":{\"message\":\"x\"}}"u8);
        Assert.IsTrue(tally.Failed);
    }
}
