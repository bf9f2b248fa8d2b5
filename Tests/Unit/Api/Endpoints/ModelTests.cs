using InferMesh.Grains.Abstractions.Models;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.Endpoints;

[TestClass]
public sealed class ModelTests
{
    private const string Spec = """{"replicas":2,"vramBytes":17179869184,"antiAffinity":"failure_domain","adapters":{"sql":"s3://sql"},"autoscale":{"maxReplicas":4}}""";
    private const string Path = "/api/v1/models/";
    private static readonly (string, string) Create = ("If-None-Match", "*");

    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context)
    {
        s_api = new();
        s_api.Mesh.Cells["c1"] = Cells.Of("c1", "org/served", Cells.Node("n1", "c1"));
    }

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    [DataRow("%20")]
    [DataRow("%09%20")]
    [DataRow("%E3%80%80")] // A wide blank.
    public async Task Name_OfBlanks_IsNoModel(string name)
    {
        (await s_api.GetAsync(Path + name)).AssertProblem(404);
        (await s_api.DeleteAsync(Path + name, ("If-Match", "*"))).AssertProblem(404);
        Assert.IsLessThan(500, (int)(await s_api.PutAsync(Path + name, Spec, Create)).Status);
    }

    [TestMethod]
    public async Task Put_NewModel_IsRegisteredUnderItsNameWithSlashes()
    {
        var made = (await s_api.PutAsync(Path + "org/put-1", Spec, Create)).AssertStatus(201);
        Assert.AreEqual(("/api/v1/models/org/put-1", "\"1\""), (made.Headers.Location?.ToString(), made.Etag));
        var spec = made.Json.GetProperty("registration").GetProperty("spec");
        Assert.AreEqual(
            ("failure_domain", 0.1, 1, 4, 0.7),
            (spec.GetProperty("antiAffinity").GetString(), spec.GetProperty("kvHeadroom").GetDouble(), spec.GetProperty("autoscale").GetProperty("minReplicas").GetInt32(),
                spec.GetProperty("autoscale").GetProperty("maxReplicas").GetInt32(), spec.GetProperty("autoscale").GetProperty("targetLoad").GetDouble()));
        // What was answered can be written back.
        Assert.AreEqual("\"2\"", (await s_api.PutAsync(Path + "org%2Fput-1", spec.GetRawText(), ("If-Match", "\"1\""))).AssertStatus(200).Etag);
    }

    [TestMethod]
    public async Task Put_Preconditions_DecideWhoWins()
    {
        (await s_api.PutAsync(Path + "put-2", Spec)).AssertProblem(428);
        (await s_api.PutAsync(Path + "put-2", Spec, ("If-Match", "*"))).AssertProblem(412);
        (await s_api.PutAsync(Path + "put-2", Spec, Create)).AssertStatus(201);
        (await s_api.PutAsync(Path + "put-2", Spec, Create)).AssertProblem(412);
        (await s_api.PutAsync(Path + "put-2", Spec, ("If-Match", "\"1\""))).AssertStatus(200);
        Assert.AreEqual(2, (await s_api.PutAsync(Path + "put-2", Spec, ("If-Match", "\"1\""))).AssertProblem(412).Json.GetProperty("currentVersion").GetInt64());
    }

    [TestMethod]
    [DataRow("""{"replicas":5000,"kvHeadroom":2,"gpusPerReplica":0,"vramBytes":-1}""", "gpusPerReplica", "kvHeadroom", "replicas", "vramBytes")]
    [DataRow("""{"nodes":["a b"],"adapters":{"x":"","bad":"s3://y"},"runtimes":[null]}""", "runtimes[0]")]
    [DataRow("""{"nodes":["a b"],"adapters":{"x":"","bad":"s3://y"}}""", "adapters.bad", "adapters.x", "nodes[0]")]
    [DataRow("""{"autoscale":{}}""", "autoscale.maxReplicas")]
    [DataRow("""{"autoscale":{"minReplicas":5,"maxReplicas":4,"targetLoad":0,"ttftSloMs":0}}""", "autoscale.maxReplicas", "autoscale.targetLoad", "autoscale.ttftSloMs")]
    [DataRow("""{"antiAffinity":"rack"}""", "antiAffinity")]
    [DataRow("""{"replica":1}""", "replica")]
    public async Task Put_BadBody_NamesTheFields(string body, params string[] fields)
    {
        CollectionAssert.AreEqual(fields, (await s_api.PutAsync(Path + "bad", body, Create)).AssertProblem(400).ErrorFields);
        CollectionAssert.AreEqual(fields, (await s_api.PutAsync(Path + "bad?dryRun=true", body)).AssertProblem(400).ErrorFields);
    }

    [TestMethod]
    public async Task Put_DryRun_ShowsThePlanAndChangesNothing()
    {
        s_api.Mesh.Models.Preview = new([new("n1", new() { Action = ModelAction.Load, Endpoint = "http://n1", Model = "dry" })], 1, new Dictionary<string, int> { ["memory"] = 3 });

        var plan = (await s_api.PutAsync(Path + "dry?dryRun=true", Spec)).AssertStatus(200).Json.GetProperty("plan");

        Assert.AreEqual(("n1", "load"), (plan.GetProperty("actions")[0].GetProperty("node").GetString(), plan.GetProperty("actions")[0].GetProperty("action").GetString()));
        Assert.AreEqual(3, plan.GetProperty("unplacedReasons").GetProperty("memory").GetInt32());
        (await s_api.GetAsync(Path + "dry")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Get_RegisteredModel_ShowsWhatIsMadeOfItBesideWhatIsServed()
    {
        await s_api.PutAsync(Path + "org/served", Spec, Create);
        await s_api.Mesh.Models.Model("org/served").Learn("H100-80G", 31.5);
        s_api.Mesh.Models.Statuses.Add(new()
        {
            Name = "org/served",
            DesiredReplicas = 3,
            ReadyReplicas = 1,
            UnplacedReplicas = 1,
            Reasons = new Dictionary<string, int> { ["not_controlled"] = 7 },
            Replicas = [new("n1", "http://n1:8000", "vllm", ModelReplicaState.Loaded, ""), new("n2", "http://n2:8000", "triton", ModelReplicaState.Failed, "triton: no such model")],
            Autoscale = new(3, 0.8, null, null),
            PlannedAt = DateTimeOffset.UnixEpoch,
        });

        var answer = (await s_api.GetAsync(Path + "org/served")).AssertStatus(200);
        var (model, registration) = (answer.Json, answer.Json.GetProperty("registration"));

        Assert.AreEqual(("\"1\"", 1, 3), (answer.Etag, model.GetProperty("readyReplicaCount").GetInt32(), registration.GetProperty("desiredReplicas").GetInt32()));
        Assert.AreEqual(("failed", "triton: no such model"), (registration.GetProperty("states")[1].GetProperty("state").GetString(), registration.GetProperty("states")[1].GetProperty("error").GetString()));
        Assert.AreEqual((31.5, 7), (registration.GetProperty("coldStarts")[0].GetProperty("seconds").GetDouble(), registration.GetProperty("unplacedReasons").GetProperty("not_controlled").GetInt32()));
        Assert.AreEqual(0.8, registration.GetProperty("autoscale").GetProperty("load").GetDouble());
        Assert.IsFalse(registration.GetProperty("autoscale").TryGetProperty("ttftP95Ms", out _), "unknown is absent");
    }

    [TestMethod]
    public async Task List_ServedAndRegistered_ShowsBoth()
    {
        await s_api.PutAsync(Path + "nowhere-yet", Spec, Create);
        var items = (await s_api.GetAsync("/api/v1/models")).AssertStatus(200).Json.GetProperty("items").EnumerateArray().ToDictionary(m => m.GetProperty("name").GetString()!);
        Assert.AreEqual((0, false), (items["nowhere-yet"].GetProperty("replicaCount").GetInt32(), items["nowhere-yet"].GetProperty("synthetic").GetBoolean()));
        Assert.AreEqual(1, items["org/served"].GetProperty("replicaCount").GetInt32());
    }

    [TestMethod]
    public async Task Delete_RegisteredModel_IsGone()
    {
        await s_api.PutAsync(Path + "del-1", Spec, Create);
        (await s_api.DeleteAsync(Path + "del-1")).AssertProblem(428);
        (await s_api.DeleteAsync(Path + "del-1", ("If-Match", "\"9\""))).AssertProblem(412);
        (await s_api.DeleteAsync(Path + "del-1", ("If-Match", "\"1\""))).AssertStatus(204);
        (await s_api.DeleteAsync(Path + "del-1", ("If-Match", "*"))).AssertProblem(404);
        (await s_api.GetAsync(Path + "del-1")).AssertProblem(404);
        Assert.AreEqual("\"3\"", (await s_api.PutAsync(Path + "del-1", Spec, Create)).AssertStatus(201).Etag);
    }
}
