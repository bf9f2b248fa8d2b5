using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Security;

namespace InferMesh.Tests.Unit.Api.Endpoints.Objects;

[TestClass]
public sealed class BackupTests
{
    private const string Restore = "/api/v1/backup:restore";
    private static readonly GrainId Chat = GrainId.Create(BackedUpTypes.Policy, "chat");

    [TestMethod]
    public async Task Backup_Restored_IsWhatWasSaved()
    {
        using var api = new ApiHost();
        await api.Mesh.Policy("chat").Put(new() { Routing = new() { Strategy = "mesh" } }, PolicyVersions.Any, "x");
        api.Mesh.Images[Chat] = new(Chat) { Stored = new(7, true, """{"Versions":[{"Version":7}]}""") };
        var saved = (await api.GetAsync("/api/v1/backup")).AssertStatus(200);
        var item = saved.Json.GetProperty("items")[0];
        Assert.AreEqual("Policy chat 7 True", $"{item.GetProperty("kind")} {item.GetProperty("name")} {item.GetProperty("version")} {item.GetProperty("deleted")}");
        Assert.AreEqual("infermesh", saved.Json.GetProperty("serviceId").GetString());

        var body = $$"""{"objects":{{saved.Json.GetProperty("items").GetRawText()}}}""";
        Assert.AreEqual("unchanged", await ActionAsync(api, Restore, body));
        api.Mesh.Images.Clear();
        Assert.AreEqual("created", await ActionAsync(api, Restore + "?dryRun=true", body));
        Assert.IsNull(api.Mesh.Images[Chat].Stored);
        Assert.AreEqual("created", await ActionAsync(api, Restore, body));
        Assert.AreEqual((7L, true, """{"Versions":[{"Version":7}]}"""), (api.Mesh.Images[Chat].Stored!.Version, api.Mesh.Images[Chat].Stored!.Deleted, api.Mesh.Images[Chat].Stored!.State));

        var other = body.Replace("\"Version\":7", "\"Version\":8", StringComparison.Ordinal);
        Assert.AreEqual("conflict", await ActionAsync(api, Restore, other));
        Assert.AreEqual("overwritten", await ActionAsync(api, Restore + "?overwrite=true", other));
    }

    [TestMethod]
    public async Task KeyRing_IsInBackups_AndInNoManifest()
    {
        using var api = new ApiHost();
        var ring = GrainId.Create(BackedUpTypes.KeyRing, IKeyRingGrain.Key);
        api.Mesh.Images[ring] = new(ring) { Stored = new(3, false, """{"Version":3}""") };
        var saved = (await api.GetAsync("/api/v1/backup")).AssertStatus(200).Json.GetProperty("items").EnumerateArray().Single();
        Assert.AreEqual("KeyRing keys 3", $"{saved.GetProperty("kind")} {saved.GetProperty("name")} {saved.GetProperty("version")}");
        Assert.AreEqual(1, (await api.GetAsync("/api/v1/backup?kind=keyring&limit=1")).AssertStatus(200).Json.GetProperty("items").GetArrayLength());
        Assert.AreEqual("unchanged", await ActionAsync(api, Restore, $$"""{"objects":[{{saved.GetRawText()}}]}"""));
        (await api.PostAsync(Restore, """{"objects":[{"kind":"KeyRing","name":"other","state":{}}]}""")).AssertProblem(400);
        (await api.GetAsync("/api/v1/objects?kind=KeyRing")).AssertProblem(400);
    }

    [TestMethod]
    public async Task Experiments_AreInBackups_FewToAPage()
    {
        using var api = new ApiHost();
        foreach (var i in Enumerable.Range(10, 25))
        {
            await api.Mesh.Experiments.Experiment($"e{i}").Create(new() { Arms = [new(), new()] }, "x");
            var key = GrainId.Create(BackedUpTypes.Experiment, $"e{i}");
            api.Mesh.Images[key] = new(key) { Stored = new(1, false, "{}") };
        }
        var first = (await api.GetAsync("/api/v1/backup?limit=1000")).AssertStatus(200).Json;
        Assert.AreEqual((20, "Experiment"), (first.GetProperty("items").GetArrayLength(), first.GetProperty("items")[0].GetProperty("kind").GetString()));
        var second = (await api.GetAsync($"/api/v1/backup?limit=1000&cursor={first.GetProperty("nextCursor")}")).AssertStatus(200).Json;
        CollectionAssert.AreEqual(new[] { "e30", "e31", "e32", "e33", "e34" }, second.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()).ToArray());
        Assert.AreEqual("unchanged", await ActionAsync(api, Restore, $$"""{"objects":{{second.GetProperty("items").GetRawText()}}}"""));
    }

    [TestMethod]
    public async Task Jobs_PageByPage_GoOnWhereTheLastJobIsForgotten()
    {
        using var api = new ApiHost();
        foreach (var id in new[] { "j-1", "j-2", "j-3" })
        {
            api.Mesh.Jobs.Put(id);
            var key = GrainId.Create(BackedUpTypes.Job, id);
            api.Mesh.Images[key] = new(key) { Stored = new(1, false, "{}") };
        }
        var first = (await api.GetAsync("/api/v1/backup?kind=job&limit=1")).AssertStatus(200).Json;
        Assert.AreEqual("j-3", first.GetProperty("items")[0].GetProperty("name").GetString());
        api.Mesh.Jobs.Drop("j-3");
        var second = (await api.GetAsync($"/api/v1/backup?kind=job&limit=1&cursor={first.GetProperty("nextCursor")}")).AssertStatus(200).Json;
        Assert.AreEqual("j-2", second.GetProperty("items")[0].GetProperty("name").GetString());
    }

    [TestMethod]
    public async Task Restore_OfWhatIsNoObject_NamesEachFault()
    {
        using var api = new ApiHost();
        var answer = (await api.PostAsync(Restore, """{"objects":[{"kind":"Robot","name":"r","state":{}},{"kind":"Policy","name":"a b","state":{}},{"kind":"Policy","name":"p"},null]}""")).AssertProblem(400);
        CollectionAssert.AreEqual(new[] { "objects[0].kind", "objects[1].name", "objects[2].state", "objects[3].kind", "objects[3].state" }, answer.ErrorFields);
        (await api.PostAsync(Restore, """{"objects":[]}""")).AssertProblem(400);
        Assert.IsEmpty(api.Mesh.Images);
    }

    [TestMethod]
    public async Task Restore_OfAJobLargerThanOtherBodies_IsTaken()
    {
        using var api = new ApiHost();
        var body = $$$"""{"objects":[{"kind":"Job","name":"j-1","version":1,"state":{"x":"{{{new string('x', 2 << 20)}}}"}}]}""";
        Assert.AreEqual("created", await ActionAsync(api, Restore, body));
    }

    private static async Task<string> ActionAsync(ApiHost api, string path, string body) =>
        (await api.PostAsync(path, body)).AssertStatus(200).Json.GetProperty("items")[0].GetProperty("action").GetString()!;
}
