using CsCheck;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Tests.Unit.Strategies.PrefixCache;

[TestClass, DoNotParallelize]
public sealed class PrefixIndexTests
{
    [TestMethod]
    public void Lookup_NothingKnown_MatchesNobody()
    {
        var index = new PrefixIndex(100);
        Assert.AreEqual(0, index.Lookup(Chain(1, 5), new PrefixMatch[4]));
        index.Insert(0, Chain(1, 5));
        Assert.AreEqual(0, index.Lookup([], new PrefixMatch[4]));
        Assert.AreEqual(0, index.Lookup(Chain(2, 5), new PrefixMatch[4]));
    }

    [TestMethod]
    public void Lookup_SharedStart_TellsHowFarEachTargetGoes()
    {
        var index = new PrefixIndex(100);
        index.Insert(3, Chain(1, 40));
        index.Insert(70, Chain(1, 10));
        index.Insert(5, [.. Chain(1, 20), .. Chain(9, 5)]);
        CollectionAssert.AreEquivalent(new PrefixMatch[] { new(3, 30, 30), new(70, 10, 10), new(5, 20, 20) }, Find(index, Chain(1, 30)));
    }

    [TestMethod]
    public void Lookup_MoreMatchesThanRoom_KeepsTheLongest()
    {
        var index = new PrefixIndex(100);
        for (var t = 0; t < 20; t++) index.Insert(t, Chain(1, t + 1));
        var matches = new PrefixMatch[3];
        Assert.AreEqual(3, index.Lookup(Chain(1, 50), matches));
        CollectionAssert.AreEqual(new[] { 18, 19, 20 }, matches.Select(m => m.Blocks).ToArray());
    }

    [TestMethod]
    public void Insert_BeyondTheSizeOfATarget_ForgetsTheOldestFromItsEnd()
    {
        var index = new PrefixIndex(10);
        index.Insert(0, Chain(1, 8));
        index.Insert(0, Chain(2, 6));
        CollectionAssert.AreEqual(new PrefixMatch[] { new(0, 4, 4) }, Find(index, Chain(1, 8)));
        CollectionAssert.AreEqual(new PrefixMatch[] { new(0, 6, 6) }, Find(index, Chain(2, 6)));
        index.Insert(0, Chain(3, 50));
        Assert.AreEqual((10, 10), (index.BlocksOf(0), index.Match(0, Chain(3, 50))));
    }

    [TestMethod]
    public void Clear_OneTarget_LeavesTheOthers()
    {
        var index = new PrefixIndex(100);
        index.Insert(0, Chain(1, 8));
        index.Insert(1, Chain(1, 8));
        index.Clear(0);
        index.Clear(900);
        CollectionAssert.AreEqual(new PrefixMatch[] { new(1, 8, 8) }, Find(index, Chain(1, 8)));
        index.Clear(1);
        Assert.AreEqual(0, index.Blocks);
    }

    [TestMethod]
    public void Stored_InOtherTiers_CreditsLess()
    {
        var index = new PrefixIndex(100, precise: true);
        var chain = Chain(1, 4);
        index.Stored(0, 1, chain.AsSpan(0, 2));
        index.Stored(0, 2, chain.AsSpan(1, 2), KvTier.Cpu);
        index.Stored(0, 3, chain.AsSpan(3, 1), KvTier.Disk);
        index.Stored(1, 7, chain);
        CollectionAssert.AreEquivalent(new PrefixMatch[] { new(0, 4, 1 + 1 + 0.8 + 0.25), new(1, 4, 4) }, Find(index, chain));
        index.Removed(0, 4, chain.AsSpan(1, 1));
        Assert.AreEqual(1 + 0.8 + 0.8 + 0.25, Find(index, chain).Single(m => m.Target == 0).Credit, 1e-9);
        index.Removed(0, 5, chain.AsSpan(1, 1), KvTier.Cpu);
        Assert.AreEqual(new(0, 1, 1), Find(index, chain).Single(m => m.Target == 0));
        Assert.AreEqual(3, index.BlocksOf(0));
    }

    [TestMethod]
    public void Stored_AfterAGap_DropsOnlyThatTarget()
    {
        var index = new PrefixIndex(100, precise: true);
        var chain = Chain(1, 6);
        Assert.IsTrue(index.Stored(0, 5, chain.AsSpan(0, 3)));
        Assert.IsTrue(index.Stored(1, 9, chain));
        Assert.IsTrue(index.Stored(0, 5, chain), "an event that was seen before changes nothing");
        Assert.AreEqual(3, index.BlocksOf(0));
        Assert.IsFalse(index.Stored(0, 7, chain.AsSpan(0, 1)));
        Assert.AreEqual((1, 6, 1L), (index.BlocksOf(0), index.BlocksOf(1), index.Gaps));
        Assert.IsTrue(index.Stored(1, 0, chain.AsSpan(0, 2)), "number 0 is an engine that started anew");
        Assert.AreEqual(2, index.BlocksOf(1));
        Assert.IsTrue(index.Removed(1, 1, chain.AsSpan(0, 1)));
        CollectionAssert.AreEqual(new PrefixMatch[] { new(0, 1, 1) }, Find(index, chain));
    }

    [TestMethod]
    public void Insert_TargetOutOfRange_Throws()
    {
        var index = new PrefixIndex(10);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => index.Insert(-1, [1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => index.Insert(PrefixIndex.MaxTargets, [1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new PrefixIndex(0));
    }

    /// <summary>Prompts that branch like conversations, small caches, many evictions: the leaping lookup says what each cache itself says.</summary>
    [TestMethod]
    public void Lookup_AnyPromptsSent_AgreesWithEachTargetsOwnCache() =>
        Gen.Select(Gen.Int[1, 120], Gen.Select(Gen.Int[0, 129], Gen.Int[0, 3], Gen.Int[0, 90], Gen.Int[0, 3], Gen.Int[0, 60]).Array[1, 150]).Sample(static (capacity, sent) =>
        {
            var index = new PrefixIndex(capacity);
            foreach (var (target, root, shared, branch, own) in sent)
            {
                ulong[] prompt = [.. Chain(root, shared), .. Chain(100 + root * 100_000 + shared * 100 + branch, own)];
                index.Insert(target, prompt);
                var expected = Enumerable.Range(0, 130).Select(t => (Target: t, Blocks: index.Match(t, prompt))).Where(m => m.Blocks > 0).ToArray();
                CollectionAssert.AreEquivalent(expected, Find(index, prompt).Select(m => (m.Target, m.Blocks)).ToArray());
            }
            for (var t = 0; t < 130; t++) index.Clear(t);
            Assert.AreEqual(0, index.Blocks);
        }, iter: 60);

    [TestMethod]
    public void Events_AnyOrder_MatchASetPerTarget() =>
        Gen.Select(Gen.Int[0, 2], Gen.Bool, Gen.Int[0, 19], Gen.Int[0, 2]).Array[1, 300].Sample(static events =>
        {
            var index = new PrefixIndex(1000, precise: true);
            var chain = Chain(1, 20);
            var held = new HashSet<(int Target, int Block, int Tier)>();
            var next = new long[3];
            foreach (var (target, stored, block, tier) in events)
            {
                if (stored)
                {
                    held.Add((target, block, tier));
                    index.Stored(target, ++next[target], chain.AsSpan(block, 1), (KvTier)tier);
                }
                else
                {
                    held.Remove((target, block, tier));
                    index.Removed(target, ++next[target], chain.AsSpan(block, 1), (KvTier)tier);
                }
            }
            var expected = Enumerable.Range(0, 3).Select(t =>
            {
                var weights = Enumerable.Range(0, 20).Select(b => Enumerable.Range(0, 3).Where(tier => held.Contains((t, b, tier))).Select(tier => KvTiers.Weight((KvTier)tier)).FirstOrDefault());
                var run = weights.TakeWhile(w => w > 0).ToArray();
                return (t, run.Length, Math.Round(run.Sum(), 9));
            }).Where(m => m.Length > 0).ToArray();
            CollectionAssert.AreEquivalent(expected, Find(index, chain).Select(m => (m.Target, m.Blocks, Math.Round(m.Credit, 9))).ToArray());
        }, iter: 300);

    [TestMethod]
    public void FullIndex_InsertAndLookup_AllocateNothing()
    {
        var index = new PrefixIndex(500);
        var prompts = Enumerable.Range(0, 200).Select(i => (ulong[])[.. Chain(i % 5, 30), .. Chain(1000 + i, 40)]).ToArray();
        var matches = new PrefixMatch[64];
        for (var i = 0; i < 20_000; i++) index.Insert(i % 64, prompts[i * 7 % 200]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 2_000; i++)
        {
            index.Lookup(prompts[i % 200], matches);
            index.Insert(i % 64, prompts[i * 7 % 200]);
        }
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static PrefixMatch[] Find(PrefixIndex index, ulong[] chain)
    {
        var matches = new PrefixMatch[256];
        return matches[..index.Lookup(chain, matches)];
    }

    private static ulong[] Chain(int prompt, int blocks)
    {
        var chain = new ulong[blocks];
        var previous = 0UL;
        for (var i = 0; i < blocks; i++) chain[i] = previous = BlockHash.Chain(previous, [prompt, i], 1);
        return chain;
    }
}
