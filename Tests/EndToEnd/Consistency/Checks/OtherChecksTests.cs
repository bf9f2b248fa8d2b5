namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>Jobs, events and quotas: what holds passes, each planted fault is found.</summary>
[TestClass]
public sealed class OtherChecksTests
{
    [TestMethod]
    public void Jobs_TokenSentTwice_IsOneJob() =>
        Assert.IsEmpty(JobCheck.Run([Submitted(1, "t", "j-1", created: true), Submitted(2, "t", "j-1"), Submitted(3, "u", null)], [new("j-1", "t"), new("j-2", "u")]));

    [TestMethod]
    public void Jobs_Faults_AreFound()
    {
        AssertFinds("are 2 jobs", JobCheck.Run([Submitted(1, "t", "j-1", created: true), Submitted(2, "t", "j-2")]));
        AssertFinds("more than once", JobCheck.Run([Submitted(1, "t", "j-1", created: true), Submitted(2, "t", "j-1", created: true)]));
        AssertFinds("lost", JobCheck.Run([Submitted(1, "t", "j-1", created: true)], []));
        AssertFinds("is 2 jobs", JobCheck.Run([Submitted(1, "t", null)], [new("j-1", "t"), new("j-2", "t")]));
        AssertFinds("nobody submitted", JobCheck.Run([Submitted(1, "t", null) with { Outcome = Outcome.Refused }], [new("j-1", "t")]));
    }

    [TestMethod]
    public void Events_GapsAndDoubles_AreFound()
    {
        LoggedEvent[] log = [new(1, "CREATED", "p", 1), new(2, "UPDATED", "p", 2), new(3, "UPDATED", "p", 3), new(4, "UPDATED", "p", 3)];
        Assert.IsEmpty(EventCheck.Gapless(log));
        AssertFinds("after event 1 came event 3", EventCheck.Gapless([log[0], log[2]]));
        AssertFinds("after event 2 came event 2", EventCheck.Gapless([log[0], log[1], log[1]]));

        Assert.IsEmpty(EventCheck.Complete(log, [new(["CREATED"], "p", 1), new(["CREATED", "UPDATED"], "p", 2)]));
        AssertFinds("2 events", EventCheck.Complete(log, [new(["UPDATED"], "p", 3)]));
        AssertFinds("0 events", EventCheck.Complete(log, [new(["UPDATED"], "p", 4)]));
        AssertFinds("0 events", EventCheck.Complete(log, [new(["DELETED"], "p", 2)]));
    }

    [TestMethod]
    public void Quota_InFlight_CountsWhatIsCertainlyThere()
    {
        QuotaUse[] uses = [Used(0, 10), Used(2, 8), Used(10, 12), new() { Tenant = "q", Outcome = Outcome.Refused }];
        Assert.AreEqual(2, QuotaCheck.MostAtOnce(uses).Most);
        Assert.IsEmpty(QuotaCheck.AtOnce(uses, limit: 2, lease: 0));
        AssertFinds("2 requests in flight", QuotaCheck.AtOnce(uses, limit: 1, lease: 0));
    }

    [TestMethod]
    public void Quota_Tokens_CountWhatWasAcknowledged()
    {
        QuotaUse[] uses = [Used(0, 1) with { Tokens = 60 }, Used(0, 1) with { Tokens = 50 }, Used(0, 1) with { Tokens = 50, Outcome = Outcome.Unknown }];
        Assert.IsEmpty(QuotaCheck.Spent(uses, limit: 100, lease: 10));
        AssertFinds("110 tokens", QuotaCheck.Spent(uses, limit: 100, lease: 9));
    }

    private static void AssertFinds(string what, IReadOnlyList<string> found) => Assert.IsTrue(found.Any(f => f.Contains(what, StringComparison.Ordinal)), $"not found: {what}; found: {string.Join("\n", found)}");

    private static Submission Submitted(long id, string name, string? job, bool created = false) => new()
    {
        Id = id,
        Name = name,
        Token = name,
        Invoked = TimeSpan.FromSeconds(id),
        Completed = TimeSpan.FromSeconds(id + 1),
        Outcome = job is null ? Outcome.Unknown : Outcome.Ok,
        Job = job,
        Created = created,
    };

    private static QuotaUse Used(int from, int to) => new() { Tenant = "q", From = TimeSpan.FromSeconds(from), To = TimeSpan.FromSeconds(to), Outcome = Outcome.Ok };
}
