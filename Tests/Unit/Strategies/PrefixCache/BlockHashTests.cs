using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Tests.Unit.Strategies.PrefixCache;

[TestClass]
public sealed class BlockHashTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(1000, 50)];

    [TestMethod]
    public void Chain_Prompt_NamesFullBlocksOnly()
    {
        var blocks = new ulong[10];
        Assert.AreEqual(3, BlockHash.Chain(Tokens, 7, blocks));
        Assert.AreEqual(BlockHash.Chain(BlockHash.Chain(0, Tokens.AsSpan(0, 16), 7), Tokens.AsSpan(16, 16), 7), blocks[1]);
        Assert.AreEqual(0, BlockHash.Chain(Tokens.AsSpan(0, 15), 7, blocks));
        Assert.AreEqual(2, BlockHash.Chain(Tokens, 7, blocks.AsSpan(0, 2)));
    }

    [TestMethod]
    public void Chain_OneTokenDiffers_AllBlocksFromThereDiffer()
    {
        var (a, b) = (new ulong[3], new ulong[3]);
        var other = Tokens.ToArray();
        other[20]++;
        BlockHash.Chain(Tokens, 7, a);
        BlockHash.Chain(other, 7, b);
        Assert.AreEqual(a[0], b[0]);
        Assert.AreNotEqual(a[1], b[1]);
        Assert.AreNotEqual(a[2], b[2]);
    }

    [TestMethod]
    public void Salt_ModelAdapterTenant_EachKeepBlocksApart()
    {
        ulong[] salts = [BlockHash.Salt("m", "", ""), BlockHash.Salt("", "m", ""), BlockHash.Salt("m", "a", ""), BlockHash.Salt("m", "", "a"), BlockHash.Salt("ma", "", ""), BlockHash.Salt("", "", "")];
        Assert.HasCount(6, salts.Select(s => BlockHash.Chain(0, Tokens.AsSpan(0, 16), s)).Distinct());
        Assert.AreEqual(BlockHash.Salt("m", "a", "t"), BlockHash.Salt("m", "a", "t"));
    }

    [TestMethod]
    public void Chain_ManySimilarBlocks_NeverCollideAndUseAllBits()
    {
        var seen = new HashSet<ulong>();
        var ones = new int[64];
        for (var i = 0; i < 100_000; i++)
        {
            int[] block = [i & 0xFF, i >> 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, i % 3];
            var name = BlockHash.Chain(0, block, 1);
            Assert.IsTrue(seen.Add(name));
            for (var bit = 0; bit < 64; bit++) ones[bit] += (int)(name >> bit & 1);
        }
        foreach (var count in ones) Assert.IsTrue(count is > 49_000 and < 51_000, $"{count}");
    }
}
