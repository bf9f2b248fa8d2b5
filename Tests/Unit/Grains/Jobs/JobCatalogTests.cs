using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Jobs;

namespace InferMesh.Tests.Unit.Grains.Jobs;

[TestClass]
public sealed class JobCatalogTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void List_PageByPage_GivesEachOnceNewestFirst()
    {
        var catalog = new JobCatalog();
        for (var i = 0; i < 1000; i++) catalog.Put(Job($"j{i:0000}", i / 3));
        var seen = new List<string>();
        for (MeshJob? after = null; ;)
        {
            var page = catalog.List(After(after));
            seen.AddRange(page.Jobs.Select(j => j.Id));
            Assert.AreEqual(1000, page.Total);
            if (!page.More) break;
            after = page.Jobs[^1];
        }
        CollectionAssert.AreEqual(Enumerable.Range(0, 1000).Select(i => $"j{i:0000}").Reverse().ToArray(), seen);
    }

    [TestMethod]
    public void List_LastJobOfThePageForgotten_GoesOnBehindIt()
    {
        var catalog = new JobCatalog();
        for (var i = 0; i < 10; i++) catalog.Put(Job($"j{i}", i / 2));
        var last = catalog.List(new() { Limit = 4 }).Jobs[^1];
        catalog.Remove(last.Id);
        CollectionAssert.AreEqual(new[] { "j5", "j4", "j3", "j2", "j1", "j0" }, catalog.List(After(last)).Jobs.Select(j => j.Id).ToArray());
    }

    [TestMethod]
    public void List_PlaceThatNamesAnothersJob_TellsNothingOfIt()
    {
        var catalog = new JobCatalog();
        for (var i = 0; i < 4; i++) catalog.Put(Job($"j{i}", i));
        catalog.Put(Job("secret", 2) with { Spec = new() { Name = "n", Tenant = "t2" } });
        foreach (var at in new[] { 0L, Start.AddSeconds(2).UtcTicks, long.MaxValue })
        {
            var known = catalog.List(new() { Tenant = "t1", After = "secret", AfterSubmitted = at });
            var madeUp = catalog.List(new() { Tenant = "t1", After = "secres", AfterSubmitted = at });
            CollectionAssert.AreEqual(madeUp.Jobs.Select(j => j.Id).ToArray(), known.Jobs.Select(j => j.Id).ToArray());
        }
    }

    [TestMethod]
    public void Put_StoredAtAnotherTimeThanEntered_IsListedOnceAndCanBeRemoved()
    {
        var catalog = new JobCatalog();
        catalog.Put(Job("a", 1) with { Version = 0 });
        catalog.Put(Job("a", 2));
        Assert.HasCount(1, catalog.List(new()).Jobs);
        catalog.Remove("a");
        Assert.IsEmpty(catalog.List(new()).Jobs);
    }

    [TestMethod]
    public void List_ByStateTenantNameAndNode_Matches()
    {
        var catalog = new JobCatalog();
        catalog.Put(Job("a", 1));
        catalog.Put(Job("b", 2) with { State = JobState.Running, Placement = new() { Claim = "c", Groups = [new() { Node = "n1", Cell = "c" }] } });
        catalog.Put(Job("c", 3) with { Spec = new() { Name = "other", Tenant = "t2", Project = "p" } });

        Assert.AreEqual("b", Only(catalog, new() { States = [JobState.Running, JobState.Failed] }));
        Assert.AreEqual("b", Only(catalog, new() { Node = "n1" }));
        Assert.AreEqual("c", Only(catalog, new() { Tenant = "t2" }));
        Assert.AreEqual("c", Only(catalog, new() { Project = "p" }));
        Assert.AreEqual("c", Only(catalog, new() { Name = "ot*" }));
        Assert.AreEqual((2, 1), (catalog.List(new()).ByState[JobState.Queued], catalog.List(new()).ByState[JobState.Running]));
    }

    [TestMethod]
    public void ChangedSince_ReaderThatKeepsUp_GetsEachChangeOnceAndTheNewestOnly()
    {
        var catalog = new JobCatalog();
        for (var i = 0; i < 100; i++) catalog.Put(Job($"j{i}", i));
        var all = catalog.ChangedSince(0, 30, out var version);
        Assert.AreEqual(30, all.Count);
        var rest = new List<MeshJob>(all);
        while (catalog.ChangedSince(version, 30, out version) is { Count: > 0 } more) rest.AddRange(more);
        Assert.AreEqual(100, rest.Select(j => j.Id).Distinct().Count());

        catalog.Put(Job("j5", 5) with { Version = 2 });
        catalog.Put(Job("j5", 5) with { Version = 3 });
        Assert.IsFalse(catalog.Put(Job("j5", 5) with { Version = 2 }), "older than what is there");
        Assert.AreEqual(3, catalog.ChangedSince(version, 30, out version).Single().Version);
        Assert.IsEmpty(catalog.ChangedSince(version, 30, out _));
    }

    [TestMethod]
    public void NextOpen_RoundAndRound_ComesToAllThatHaveNotEnded()
    {
        var catalog = new JobCatalog();
        for (var i = 0; i < 50; i++) catalog.Put(Job($"j{i:00}", i) with { State = i % 5 == 0 ? JobState.Running : i % 5 == 1 ? JobState.Completed : JobState.Queued, EndedAt = i % 5 == 1 ? Start.AddSeconds(100 - i) : null });
        var seen = new HashSet<string>();
        for (var i = 0; i < 40; i++) seen.UnionWith(catalog.NextOpen(8).Select(j => j.Id));

        Assert.HasCount(40, seen);
        Assert.AreEqual(10, catalog.Ended);
        CollectionAssert.AreEqual(new[] { "j46", "j41" }, catalog.OldestEnded(2).ToArray());
        catalog.Remove("j46");
        Assert.AreEqual(9, catalog.Ended);
    }

    private static JobQuery After(MeshJob? job) => job is null ? new() { Limit = 64 } : new() { After = job.Id, AfterSubmitted = job.SubmittedAt.UtcTicks, Limit = 64 };

    private static string Only(JobCatalog catalog, JobQuery query) => catalog.List(query).Jobs.Single().Id;

    private static MeshJob Job(string id, int at) => new() { Id = id, Version = 1, Spec = new() { Name = "job", Tenant = "t1" }, SubmittedAt = Start.AddSeconds(at) };
}
