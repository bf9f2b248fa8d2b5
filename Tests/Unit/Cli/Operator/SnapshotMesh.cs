using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Cli.Operator;

/// <summary>A small mesh that is always the same: two cells, three nodes, a model of each kind, policies, an endpoint, tenants, jobs.</summary>
internal static class SnapshotMesh
{
    private const long Gib = 1L << 30;
    private static readonly DateTimeOffset Then = DateTimeOffset.UnixEpoch.AddDays(365);

    public static async Task<FakeMesh> CreateAsync()
    {
        var mesh = new FakeMesh();
        mesh.Cells["c1"] = Cells.Of("c1", "org/llama", Node("n1", "c1", "z1"), Node("n2", "c1", "z1"));
        mesh.Cells["c2"] = Cells.Of("c2", "qwen", Node("n3", "c2", "z2"));
        mesh.Cells["c1"].Nodes.Health[1] = NodeHealth.Cordoned;
        Read(mesh.Cells["c1"], 0, 0.75, 61, 512);
        Read(mesh.Cells["c1"], 1, 0.25, 48, 301);
        mesh.Cells["c1"].Targets.GenerationTokensPerSecond[0] = 812.4;
        mesh.Cells["c1"].Targets.TtftP95Seconds[0] = 0.184;
        mesh.Cells["c1"].Targets.KvCacheUsage[0] = 0.42;
        foreach (var id in new[] { "n1", "n2", "n3" })
            mesh.Node(id).View = View(id);
        mesh.Node("n2").View = View("n2") with { Health = NodeHealth.Cordoned, Reason = "fan replacement" };
        await mesh.Models.Model("qwen").Put(new() { Replicas = 2, Nodes = ["n3", "n1"], VramBytes = 15 * Gib, Runtimes = ["triton"] }, PolicyVersions.None, "ann");
        mesh.Models.Statuses.Add(new() { Name = "qwen", DesiredReplicas = 2, ReadyReplicas = 1, UnplacedReplicas = 1, Reasons = new Dictionary<string, int> { ["memory"] = 2 }, Replicas = [new("n3", "http://n3:8000", "triton", ModelReplicaState.Loaded, "")], PlannedAt = Then });
        await mesh.Policy("chat").Put(new() { Kind = PolicyKind.Routing, Models = ["org/*"], Routing = new() { Strategy = "mesh" } }, PolicyVersions.None, "ann");
        await mesh.Policy("chat").Put(new() { Kind = PolicyKind.Routing, Models = ["org/*"], Priority = 7, Routing = new() { Strategy = "least_queue" }, Description = "for chat" }, 1, "bob");
        await mesh.Policy("slow").Put(new() { Kind = PolicyKind.Slo, Slo = new() { TtftMs = 500 } }, PolicyVersions.None, "ann");
        await ExperimentsAsync(mesh);
        await mesh.Endpoints.PutAsync("talk", new EndpointSpec { Models = [new("org/llama", 9), new("qwen", 1)], Description = "two models" });
        await mesh.Tenants.Tenant("acme").Put(new() { Description = "Acme", Limits = new() { RequestsPerSecond = 5, TokensPerDay = 1000 }, Projects = new Dictionary<string, TenantLimits> { ["search"] = new() { ConcurrentRequests = 3 } } }, PolicyVersions.None, "ann");
        await mesh.Topology.Announce(new() { Name = "api-1", Zone = "z1", Region = "eu" });
        mesh.Jobs.Put("j-1", spec => spec with { Name = "sft", Tenant = "acme", Project = "search" });
        mesh.Jobs.Job("j-1").Move(JobState.Running, "started", change: static job => job with
        {
            Placement = new() { Fence = 1, Claim = "c-1", Groups = [new() { Node = "n1", Cell = "c1", Workers = 2, Gpus = ["G1", "G2"] }], Strategy = "pack", Why = "near" },
            Progress = new() { Step = 12, StepSeconds = 0.5, CheckpointStep = 10, CheckpointRef = "s3://c" },
        });
        mesh.Jobs.Put("j-2");
        mesh.Jobs.Explanations["j-2"] = new() { Job = "j-2", Reason = "no room", Position = 2, GpusNeeded = 8, GpusSuitable = 16, GpusFree = 4, Alternatives = new Dictionary<string, double> { ["pack"] = 2.5, ["spread"] = -1 } };
        mesh.Jobs.Current = new()
        {
            Nodes = [new() { Node = "n1", Cell = "c1", GpuType = "H100", Gpus = 8, Training = 2, Free = 6, Jobs = ["j-1"] }],
            Tenants = [new("acme", 2, null, 1, 0.5, 0)],
            PlannedAt = Then,
            PlanMs = 1.5,
            Waiting = 1,
        };
        await mesh.Events.Append(new() { Type = EventTypes.NodeJoined, Subject = "n1", At = Then, Data = new Dictionary<string, string> { ["cell"] = "c1" } });
        await mesh.Events.Append(new() { Type = EventTypes.PolicyUpdated, Subject = "chat", Actor = "bob", Reason = "quieter", VersionBefore = 1, VersionAfter = 2, At = Then.AddHours(1) });
        mesh.Router.Decision = new()
        {
            Status = RouteStatus.Routed,
            DecisionId = "d-1",
            Strategy = "mesh",
            TableVersion = 12,
            Policies = ["chat@2"],
            Considered = 3,
            Eligible = 2,
            Silo = "S1",
            Hedge = new("n2", TimeSpan.FromMilliseconds(120)),
            Targets =
            [
                new() { NodeId = "n1", CellId = "c1", Runtime = "vllm", Endpoint = "http://n1:8000", Gpu = "H100-80G", Load = 0.75, SignalAgeSeconds = 0.4, Cost = new(0.0123, 0.2, 1.5, 0.0004, 0, 0.001, 0.01, 1.7237) },
                new() { NodeId = "n2", CellId = "c1", Runtime = "vllm", Endpoint = "http://n2:8000", Gpu = "H100-80G", Load = 0.9, Cost = new(0.5, 0.2, 1.5, 0.0004, 2, 0.001, 0.01, 4.2114) },
            ],
            Excluded = [new("n3", "http://n3:8000", "node_cordoned")],
        };
        return mesh;
    }

    private static async Task ExperimentsAsync(FakeMesh mesh)
    {
        ArmPlan[] arms = [new() { Name = "control", Strategy = "least_queue" }, new() { Name = "challenger", Strategy = "mesh" }];
        var chat = mesh.Experiments.Experiment("chat");
        await chat.Create(new() { Arms = arms, Models = ["org/*"], Guardrails = [new() { Metric = "error_rate", Margin = 0.01 }, new() { Metric = "cost_mean", Margin = 0.1, Cap = 2 }], Description = "is the mesh faster" }, "ann");
        chat.Outcomes.AddRange([(12_000, 30), (12_050, 24)]);
        chat.Comparisons.Add(new("challenger", "ttft_p95", 0.209, 0.103, -0.508, -0.534, -0.486, 12_000, 12_050));
        chat.Comparisons.Add(new("challenger", "error_rate", 0.0025, 0.00199, -0.00051, -0.002, 0.001, 12_000, 12_050));
        chat.Comparisons.Add(new("challenger", "cost_mean", 0.0031, 0.0029, -0.06, -0.1, double.PositiveInfinity, 12_000, 12_050));
        chat.Set(ExperimentStage.Decided, "challenger");
        chat.Set(ExperimentStage.Decided, "challenger");
        await mesh.Experiments.Experiment("quiet").Create(new() { Arms = arms, Unit = SplitUnit.Header, Header = "X-User", DesignEffect = 2, Share = 0.1 }, "bob");
        mesh.Experiments.Experiment("quiet").Set(ExperimentStage.Running, warning: "the arms did not get their share of the outcomes");
    }

    private static NodeRegistration Node(string id, string cell, string zone) => Cells.Node(id, cell, zone) with { Region = "eu", FailureDomain = $"rack-{id}" };

    private static void Read(CellSnapshot cell, int node, double utilization, double temperature, double power)
    {
        cell.Nodes.Gpus[node] = new(8, "H100", 640 * Gib, 320 * Gib, utilization, temperature, power);
        cell.Nodes.SampledAtTicks[node] = Then.UtcTicks;
        cell.Nodes.RttMs[node] = 0.31;
    }

    private static NodeView View(string id) => new()
    {
        Registration = Node(id, id == "n3" ? "c2" : "c1", id == "n3" ? "z2" : "z1"),
        Health = NodeHealth.Ready,
        HealthSince = Then,
        Version = 3,
        SampledAt = Then,
        RttMs = 0.31,
        Epoch = 1,
        Sequence = 42,
        Gpus = [new() { GpuUuid = "GPU-1", Name = "H100", SmUtilization = 0.75, VramUsedBytes = 40 * Gib, VramTotalBytes = 80 * Gib, TemperatureCelsius = 61, PowerWatts = 512, LastXid = 79 }],
        Runtimes =
        [
            new() { Runtime = "vllm", Endpoint = $"http://{id}:8000", Healthy = true, Models = [new() { Model = "org/llama", Loaded = true, Running = 4, Waiting = 2, KvCacheUsage = 0.42, TtftP95Seconds = 0.184, GenerationTokensPerSecond = 812.4 }] },
            new() { Runtime = "triton", Endpoint = $"http://{id}:9000", Error = "connection refused" },
        ],
    };
}
