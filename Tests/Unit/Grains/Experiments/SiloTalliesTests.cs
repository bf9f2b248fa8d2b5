using InferMesh.Grains.Experiments;

namespace InferMesh.Tests.Unit.Grains.Experiments;

[TestClass]
public sealed class SiloTalliesTests
{
    private readonly SiloTallies _tallies = new(2, StoredOutcomes.None, 0);

    [TestMethod]
    public void Take_LateAndRepeatedReports_CountOnce()
    {
        Assert.IsTrue(_tallies.Take(Report("a", 1, 10, 20), 0));
        Assert.IsTrue(_tallies.Take(Report("b", 1, 1, 2), 0));
        Assert.IsTrue(_tallies.Take(Report("a", 2, 15, 25), 0));
        Assert.IsFalse(_tallies.Take(Report("a", 2, 15, 25), 0), "repeated");
        Assert.IsFalse(_tallies.Take(Report("a", 1, 10, 20), 0), "late");
        CollectionAssert.AreEqual(new[] { 16L, 27 }, Sum());
        Assert.IsFalse(_tallies.Take(new("c", 1, 1, 0, [Counts(1)]), 0), "of other arms");
    }

    [TestMethod]
    public void Take_SiloThatCountsAnew_KeepsWhatItHadCounted()
    {
        _tallies.Take(Report("a", 5, 10, 20), 0);
        Assert.IsTrue(_tallies.Take(Report("a", 6, 1, 1, life: 2), 0));
        Assert.IsFalse(_tallies.Take(Report("a", 7, 11, 20), 0), "of its life before");
        CollectionAssert.AreEqual(new[] { 11L, 21 }, Sum());
        Assert.HasCount(1, _tallies.Silos);
    }

    [TestMethod]
    public void Take_CountsThatAreNone_ChangesNothing()
    {
        _tallies.Take(Report("a", 5, 10, 20), 0);
        SiloOutcomes foreign = new("a", 2, 6, 0, [new(1, 0, []), new(1, 0, [])]);
        for (var i = 0; i < 2; i++) Assert.ThrowsExactly<ArgumentException>(() => _tallies.Take(foreign, 0));
        CollectionAssert.AreEqual(new[] { 10L, 20 }, Sum());
    }

    [TestMethod]
    public void Forget_SilosThatAreGone_AreAddedUpAndSayNothingMore()
    {
        for (var i = 0; i < 500; i++)
        {
            _tallies.Take(Report($"silo-{i}", 1, 1, 2), i);
            _tallies.Forget((silo, _) => silo != $"silo-{i}");
        }
        CollectionAssert.AreEqual(new[] { 500L, 1000 }, Sum());
        Assert.HasCount(1, _tallies.Silos);
        Assert.IsFalse(_tallies.Take(Report("silo-498", 2, 9, 9), 0), "it was on its way when its silo died");
        var stored = _tallies.ToStored();
        Assert.AreEqual((1, 64), (stored.Silos.Count, stored.Gone.Count), "what is kept does not grow with silos that ever were");
    }

    [TestMethod]
    public void ToStored_AndBack_IsTheSame()
    {
        _tallies.Take(Report("a", 1, 10, 20), 0);
        _tallies.Take(Report("b", 1, 1, 2), 0);
        _tallies.Forget(static (silo, _) => silo == "b");
        Assert.IsTrue(_tallies.HasNews);
        var again = new SiloTallies(2, _tallies.ToStored(), 0);
        Assert.IsFalse(_tallies.HasNews);
        CollectionAssert.AreEqual(new[] { 11L, 22 }, again.Sum().Select(t => t.Requests).ToArray());
        Assert.AreEqual(11, again.Sum()[0].Values(InferMesh.Strategies.Experiments.Measure.Ttft).Count());
        Assert.IsFalse(again.Take(Report("b", 2, 5, 5), 0));
        Assert.IsTrue(again.Take(Report("a", 2, 11, 21), 0));
    }

    [TestMethod]
    public void InFlight_IsThatOfSilosThatLive()
    {
        foreach (var (silo, open) in new[] { ("a", 3L), ("b", 4L) }) _tallies.Take(new(silo, 1, 1, 0, [Counts(1) with { InFlight = open }, Counts(1)]), 0);
        CollectionAssert.AreEqual(new[] { 7L, 0 }, _tallies.InFlight());
        _tallies.Forget(static (silo, _) => silo == "a");
        CollectionAssert.AreEqual(new[] { 4L, 0 }, _tallies.InFlight());
    }

    private long[] Sum() => [.. _tallies.Sum().Select(t => t.Requests)];

    private static SiloOutcomes Report(string silo, long sequence, long control, long challenger, long life = 1) => new(silo, life, sequence, 0, [Counts(control), Counts(challenger)]);

    private static OutcomeCounts Counts(long requests) => new(requests, 0, [new([3500], [requests]), new([], []), new([], [])]);
}
