using System.Text;
using InferMesh.Cli.Replay;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class PromptBuilderTests
{
    [TestMethod]
    public void Write_SameArguments_IsTheSamePlainText()
    {
        var text = Make(new TraceRecord(default, 700, 1), seed: 3, index: 5);

        Assert.AreEqual(text, Make(new TraceRecord(default, 700, 1), seed: 3, index: 5));
        Assert.AreEqual(2800, text.Length);
        Assert.IsTrue(text.All(static c => c is (>= 'a' and <= 'z') or ' '), "nothing that JSON must escape");
        Assert.AreNotEqual(text, Make(new TraceRecord(default, 700, 1), seed: 3, index: 6));
        Assert.AreNotEqual(text, Make(new TraceRecord(default, 700, 1), seed: 4, index: 5));
    }

    [TestMethod]
    public void Write_SharedBlocks_ShareText()
    {
        var first = Make(new TraceRecord(default, 1200, 1, [7, 8, 9]), 1, 0);
        var second = Make(new TraceRecord(default, 1100, 1, [7, 8, 10]), 1, 1);

        Assert.AreEqual(first[..4096], second[..4096], "two blocks of 512 tokens");
        Assert.AreNotEqual(first[4096..4200], second[4096..4200]);
    }

    private static string Make(TraceRecord record, int seed, int index)
    {
        var bytes = new byte[record.PromptTokens * PromptBuilder.BytesPerToken];
        PromptBuilder.Write(bytes, record, seed, index);
        return Encoding.ASCII.GetString(bytes);
    }
}
