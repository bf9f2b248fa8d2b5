using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Audit;
using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Tests.Unit.Api.Security;

[TestClass]
public sealed class AuditTests
{
    private const string Admin = "key-of-sixteen-characters";

    [TestMethod]
    public async Task Change_Call_IsInTheEventLog()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        (await api.PutAsync("/api/v1/tenants/acme", "{}", ("x-api-key", Admin), ("If-None-Match", "*"), ("x-infermesh-actor", "ada"))).AssertStatus(201);
        var entry = await EntryAsync(api, EventTypes.AuditCall);
        Assert.AreEqual(("acme", "admin-key-0 (says ada)"), (entry.Subject, entry.Actor));
        Assert.AreEqual("PUT /api/v1/tenants/{name}|adminkey|201", $"{entry.Data["call"]}|{entry.Data["kind"]}|{entry.Data["status"]}");
        Assert.AreEqual("127.0.0.1", entry.Data["remote"]);
        Assert.IsFalse(entry.Data.Values.Any(v => v.Contains(Admin, StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task Create_Call_NamesWhatItMade()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        var id = (await api.PostAsync("/api/v1/jobs", """{"name":"n","command":["x"]}""", ("x-api-key", Admin))).AssertStatus(201).Json.GetProperty("id").GetString();
        Assert.AreEqual(id, (await EntryAsync(api, EventTypes.AuditCall)).Subject);
    }

    [TestMethod]
    public async Task Read_Call_IsNotInTheEventLog()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        (await api.GetAsync("/api/v1/nodes", ("x-api-key", Admin))).AssertStatus(200);
        (await api.PutAsync("/api/v1/tenants/acme", "{}", ("x-api-key", Admin), ("If-None-Match", "*"))).AssertStatus(201);
        Assert.AreEqual("acme", (await EntryAsync(api, EventTypes.AuditCall)).Subject);
        Assert.HasCount(1, await EventsAsync(api));
    }

    [TestMethod]
    public async Task Denied_Calls_AreOneEntryOfEachKind()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        var key = AccessCallers.Add(api.Mesh.Keys, "chat", Role.InferenceUser, new("acme", ""));
        await Eventually.HoldsAsync(() => (int)api.GetAsync("/api/v1/whoami", ("x-api-key", key)).Result.Status == 200, "the key is known");
        var earlier = (await EventsAsync(api)).Count;
        for (var i = 0; i < 50; i++) (await api.PutAsync("/api/v1/tenants/acme", "{}", ("x-api-key", key))).AssertProblem(403);
        await Eventually.HoldsAsync(() => EventsAsync(api).Result.Count > earlier, "the denial is told");
        var entry = (await EventsAsync(api))[^1];
        Assert.AreEqual((EventTypes.AuditDenied, "chat", "acme", "acme", "403"), (entry.Type, entry.Actor, entry.Tenant, entry.Subject, entry.Data["status"]));
        Assert.Contains("tenants.write", entry.Reason);
        Assert.HasCount(earlier + 1, await EventsAsync(api));
    }

    [TestMethod]
    public async Task Call_EventLogOutOfReach_IsNotHeldUp()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        api.Mesh.Events.Failure = new TimeoutException("gone");
        (await api.PutAsync("/api/v1/tenants/acme", "{}", ("x-api-key", Admin), ("If-None-Match", "*"))).AssertStatus(201);
        api.Mesh.Events.Failure = null;
        Assert.AreEqual("acme", (await EntryAsync(api, EventTypes.AuditCall)).Subject);
    }

    [TestMethod]
    public async Task Call_AnswerOfTheLogLost_IsInTheLogOnceAndWithItsOwnTime()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin));
        api.Mesh.Events.LostAnswers = 2;
        var before = DateTimeOffset.UtcNow;
        (await api.PutAsync("/api/v1/tenants/acme", "{}", ("x-api-key", Admin), ("If-None-Match", "*"))).AssertStatus(201);
        var after = DateTimeOffset.UtcNow.AddSeconds(1);
        await Eventually.HoldsAsync(() => api.Mesh.Events.LostAnswers < 0, "the entry is delivered");
        var entry = (await EventsAsync(api)).Single();
        Assert.AreEqual("acme", entry.Subject);
        Assert.IsTrue(entry.At >= before && entry.At <= after, $"{entry.At:O}");
    }

    [TestMethod]
    public void Window_CallersOfOneNameInTwoTenants_AreTwoKinds_AndManyAreNoTenants()
    {
        var window = new DenialWindow();
        Assert.IsTrue(window.IsFirst(Entry("call") with { Actor = "chat", Tenant = "acme" }));
        Assert.IsTrue(window.IsFirst(Entry("call") with { Actor = "chat", Tenant = "globex" }));
        Assert.IsTrue(window.IsFirst(Entry("call") with { Actor = "chat", Tenant = "acme", Kind = "token" }));
        for (var i = 0; i < 2 * DenialWindow.MaxKinds; i++) window.IsFirst(Entry($"call-{i}") with { Tenant = "globex" });
        var others = window.Close().Single(c => c.Entry.Call == "others").Entry;
        Assert.AreEqual(("", "", ""), (others.Tenant, others.Kind, others.Actor));
    }

    [TestMethod]
    public async Task Denied_BehindABalancer_HasTheAddressThatTheBalancerSaw()
    {
        using var api = new ApiHost(("InferMesh:Api:AdminKeys:0", Admin), ("InferMesh:Http:TrustedProxies:0", "127.0.0.0/8"), ("InferMesh:Http:TrustedProxies:1", "10.9.0.1"));
        // What the caller sent itself comes first, and counts for nothing.
        (await api.GetAsync("/api/v1/nodes", ("x-api-key", "wrong-key-of-somebody"), ("X-Forwarded-For", "10.1.1.1, 203.0.113.7, 10.9.0.1"))).AssertProblem(401);
        Assert.AreEqual("203.0.113.7", (await EntryAsync(api, EventTypes.AuditDenied)).Data["remote"]);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("10.9.0.1")]
    public async Task Denied_HeaderOfSomebodyWhoIsNoBalancer_IsNotBelieved(string? trusted)
    {
        using var api = trusted is null ? new ApiHost(("InferMesh:Api:AdminKeys:0", Admin)) : new ApiHost(("InferMesh:Api:AdminKeys:0", Admin), ("InferMesh:Http:TrustedProxies:0", trusted));
        (await api.GetAsync("/api/v1/nodes", ("x-api-key", "wrong-key-of-somebody"), ("X-Forwarded-For", "203.0.113.7"))).AssertProblem(401);
        Assert.AreEqual("127.0.0.1", (await EntryAsync(api, EventTypes.AuditDenied)).Data["remote"]);
    }

    [TestMethod]
    public void Window_StrangerWithManyCalls_IsCountedAndBounded()
    {
        var window = new DenialWindow();
        Assert.AreEqual(DenialWindow.MaxKinds, Enumerable.Range(0, 10_000).Count(i => window.IsFirst(Entry($"call-{i}"))));
        for (var i = 0; i < 5; i++) Assert.IsFalse(window.IsFirst(Entry("call-0")));
        var counted = window.Close();
        CollectionAssert.AreEquivalent(new[] { ("call-0", 5L), ("others", 10_000L - DenialWindow.MaxKinds) }, counted.Select(c => (c.Entry.Call, c.Times)).ToArray());
        Assert.AreEqual("5", counted[0].Entry.ToEvent(EventTypes.AuditDenied, 5).Data["times"]);
        Assert.IsEmpty(window.Close());
        Assert.IsTrue(window.IsFirst(Entry("call-0")));
    }

    private static AuditEntry Entry(string call) => new("", "nobody", "", call, "", 401, "", "10.0.0.1", "");

    private static async Task<MeshEvent> EntryAsync(ApiHost api, string type)
    {
        await Eventually.HoldsAsync(() => EventsAsync(api).Result.Any(e => e.Type == type), $"{type} is in the log");
        return (await EventsAsync(api)).First(e => e.Type == type);
    }

    private static async Task<IReadOnlyList<MeshEvent>> EventsAsync(ApiHost api) => (await api.Mesh.Events.ReadAfter(0, 1000, TimeSpan.Zero)).Events;
}
