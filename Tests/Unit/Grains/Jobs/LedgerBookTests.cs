using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Jobs;

namespace InferMesh.Tests.Unit.Grains.Jobs;

[TestClass]
public sealed class LedgerBookTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Take_GpuOfAnother_IsRefusedAsAWholeAndNamesTheHolder()
    {
        var book = new LedgerBook([], new Dictionary<string, DateTimeOffset>());
        Assert.AreEqual("", book.Take(Claim("c1", "job-1", 1, "g1", "g2"), Now));
        StringAssert.Contains(book.Take(Claim("c2", "job-2", 1, "g2", "g3"), Now), "g2 of n1 belongs to job-1");
        Assert.AreEqual("", book.Take(Claim("c3", "job-3", 1, "g3"), Now));
    }

    [TestMethod]
    public void Take_SameHolderWithTheNextFence_MayHaveItsOwnAgain()
    {
        var book = new LedgerBook([], new Dictionary<string, DateTimeOffset>());
        book.Take(Claim("c1", "job-1", 1, "g1"), Now);
        book.Confirm("c1", Now, out _);
        StringAssert.Contains(book.Take(Claim("c0", "job-1", 1, "g1"), Now), "newer claim");
        Assert.AreEqual("", book.Take(Claim("c2", "job-1", 2, "g1", "g2"), Now));
        Assert.AreEqual("", book.Take(Claim("c2", "job-1", 2, "g2", "g1"), Now), "the same again is the same");
        book.Release("c1");
        StringAssert.Contains(book.Take(Claim("c3", "job-2", 1, "g1"), Now), "belongs to job-1");
    }

    [TestMethod]
    public void Take_NotConfirmedInTime_RunsOut()
    {
        var book = new LedgerBook([], new Dictionary<string, DateTimeOffset>());
        book.Take(Claim("c1", "job-1", 1, "g1"), Now);
        Assert.IsFalse(book.Confirm("c1", Now.AddSeconds(31), out _));
        Assert.AreEqual("", book.Take(Claim("c2", "job-2", 1, "g1") with { Until = Now.AddSeconds(60) }, Now.AddSeconds(31)));
        Assert.IsTrue(book.Confirm("c2", Now.AddSeconds(32), out var changed) && changed);
        Assert.IsTrue(book.Confirm("c2", Now.AddDays(1), out changed) && !changed, "what is kept is kept");
    }

    [TestMethod]
    public void Take_ServingAndTraining_DrawOnTheSameGpus()
    {
        var book = new LedgerBook([], new Dictionary<string, DateTimeOffset>());
        book.Take(Claim("c1", "llama", 0, "g1") with { Kind = ClaimKind.Serving }, Now);
        StringAssert.Contains(book.Take(Claim("c2", "job-2", 1, "g1"), Now), "belongs to llama");
    }

    [TestMethod]
    public void Reclaim_LentGpus_SetsTheSoonerDeadline()
    {
        var book = new LedgerBook([], new Dictionary<string, DateTimeOffset>());
        book.Take(Claim("c1", "job-1", 1, "g1") with { Gpus = [new("n1", ["g1"], true)] }, Now);
        book.Take(Claim("c2", "job-2", 1, "g2"), Now);
        Assert.AreEqual("c1", book.Reclaim("n1", Now.AddMinutes(2)).Single().Claim);
        Assert.AreEqual(Now.AddMinutes(1), book.Reclaim("n1", Now.AddMinutes(1)).Single().ReclaimBy);
        Assert.AreEqual(Now.AddMinutes(1), book.Reclaim("n1", Now.AddMinutes(3)).Single().ReclaimBy);
        book.Release("c1");
        StringAssert.Contains(book.Take(Claim("c3", "job-3", 1, "g1"), Now.AddMinutes(2)), "serving wants n1 back");
        Assert.AreEqual("", book.Take(Claim("c4", "llama", 0, "g1") with { Kind = ClaimKind.Serving }, Now.AddMinutes(2)));
    }

    [TestMethod]
    public void Take_RandomClaims_NoGpuHasTwoHolders()
    {
        var random = new Random(7);
        var book = new LedgerBook([], new Dictionary<string, DateTimeOffset>());
        var now = Now;
        for (var i = 0; i < 20_000; i++)
        {
            now += TimeSpan.FromSeconds(random.Next(5));
            var known = book.Claims;
            switch (random.Next(4))
            {
                case 0 or 1:
                    book.Take(Claim($"c{i}", $"job-{random.Next(6)}", i, [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"g{random.Next(10)}").Distinct()]) with { Until = now.AddSeconds(30) }, now);
                    break;
                case 2 when known.Count > 0:
                    book.Confirm(known[random.Next(known.Count)].Claim, now, out _);
                    break;
                case 3 when known.Count > 0:
                    book.Release(known[random.Next(known.Count)].Claim);
                    break;
            }
            foreach (var gpu in book.Claims.SelectMany(c => c.Gpus.SelectMany(g => g.Gpus).Select(g => (Gpu: g, c.Holder))).GroupBy(g => g.Gpu))
                Assert.AreEqual(1, gpu.Select(g => g.Holder).Distinct().Count(), gpu.Key);
        }
    }

    private static CapacityClaim Claim(string id, string holder, long fence, params string[] gpus) =>
        new() { Claim = id, Holder = holder, Fence = fence, Gpus = [new("n1", gpus)], Until = Now.AddSeconds(30) };
}
