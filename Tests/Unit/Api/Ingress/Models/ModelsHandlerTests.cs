using System.Net;
using System.Text.Json;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;

namespace InferMesh.Tests.Unit.Api.Ingress.Models;

[TestClass]
public sealed class ModelsHandlerTests
{
    [TestMethod]
    public async Task List_LiveNodes_ShowsWhatTheyServe()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(
            FakeFleet.Node("n1", synthetic: true, models: new ModelSample { Model = "org/b" }),
            FakeFleet.Node("n2", "c2", models: [new ModelSample { Model = "a" }, new ModelSample { Model = "org/b" }]),
            FakeFleet.Node("n3", health: NodeHealth.Offline, models: new ModelSample { Model = "gone" }),
            FakeFleet.Node("n4", models: [new ModelSample { Model = "a", Loaded = false, ColdStartSeconds = 30 }, new ModelSample { Model = "shelved", Loaded = false }]));

        using var json = JsonDocument.Parse(await api.Http.GetStringAsync("/v1/models"));

        var models = json.RootElement.GetProperty("data").EnumerateArray().ToArray();
        CollectionAssert.AreEqual(new[] { "a", "org/b" }, models.Select(m => m.GetProperty("id").GetString()).ToArray());
        Assert.AreEqual(("list", 2, false), (json.RootElement.GetProperty("object").GetString(), models[1].GetProperty("replicas").GetInt32(), models[1].GetProperty("synthetic").GetBoolean()));
    }

    [TestMethod]
    [DataRow("org/b")]
    [DataRow("org%2Fb")]
    public async Task Get_NameWithSlash_IsFound(string name)
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1", synthetic: true, models: new ModelSample { Model = "org/b" }));

        using var json = JsonDocument.Parse(await api.Http.GetStringAsync("/v1/models/" + name));
        using var missing = await api.Http.GetAsync("/v1/models/nobody");

        Assert.AreEqual("org/b", json.RootElement.GetProperty("id").GetString());
        Assert.IsTrue(json.RootElement.GetProperty("synthetic").GetBoolean());
        Assert.AreEqual(HttpStatusCode.NotFound, missing.StatusCode);
        StringAssert.Contains(await missing.Content.ReadAsStringAsync(), "model_not_found");
    }
}
