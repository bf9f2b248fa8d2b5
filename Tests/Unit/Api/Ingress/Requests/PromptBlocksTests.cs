using System.Text;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Tests.Unit.Api.Ingress.Requests;

[TestClass]
public sealed class PromptBlocksTests
{
    private static readonly byte[] Turn = Encoding.UTF8.GetBytes("""[{"role":"system","content":"You are a helpful assistant that answers in short sentences and never makes things up."},{"role":"user","content":"Hello, who are you?"}]""");

    [TestMethod]
    public void Of_NextTurnOfASession_BeginsWithTheBlocksOfTheLastOne()
    {
        var first = Blocks(Turn);
        var next = Blocks([.. Turn[..^1], .. ",{\"role\":\"assistant\",\"content\":\"I am a model.\"},{\"role\":\"user\",\"content\":\"Which one of them, if I may ask?\"}]"u8]);
        Assert.HasCount(Turn.Length / PromptBlocks.BlockBytes, first);
        CollectionAssert.AreEqual(first, next[..first.Length]);
        Assert.IsGreaterThan(first.Length, next.Length);
    }

    [TestMethod]
    public void Of_OtherStart_SharesNothing()
    {
        byte[] other = [.. Turn];
        other[20]++;
        Assert.IsEmpty(Blocks(Turn).Intersect(Blocks(other)));
    }

    [TestMethod]
    [DataRow("m2", "t")]
    [DataRow("m", "t2")]
    [DataRow("m", "")]
    public void Of_OtherModelOrTenant_SharesNothing(string model, string tenant) => Assert.IsEmpty(Blocks(Turn).Intersect(PromptBlocks.Of(Turn, model, tenant)));

    [TestMethod]
    public void Of_ShortPrompt_HasNoBlocks() => Assert.IsEmpty(Blocks(Turn[..(PromptBlocks.BlockBytes - 1)]));

    [TestMethod]
    public void Of_LongPrompt_IsCut() => Assert.HasCount(PromptBlocks.MaxBlocks, Blocks(new byte[1 << 20]));

    private static ulong[] Blocks(byte[] prompt) => PromptBlocks.Of(prompt, "m", "t");
}
