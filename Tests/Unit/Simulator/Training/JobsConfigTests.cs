using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Training;

namespace InferMesh.Tests.Unit.Simulator.Training;

[TestClass]
public sealed class JobsConfigTests
{
    [TestMethod]
    public void Read_Nothing_HasTheDefaultsAndComesBack()
    {
        var read = JobsConfigYaml.Read("seed: 7\n");
        Assert.IsEmpty(read.Errors);
        var again = JobsConfigYaml.Read(JobsConfigYaml.Write(read.Config!));
        Assert.IsEmpty(again.Errors, string.Join('\n', again.Errors));
        Assert.AreEqual(JobsConfigYaml.Write(read.Config!), JobsConfigYaml.Write(again.Config!));
    }

    [TestMethod]
    public void Read_SeveralErrors_SaysAllWithTheirPlaces()
    {
        var read = JobsConfigYaml.Read("""
            seed: 42
            strategys: [spread]
            fleet:
              zones: 0
              gpu_types:
                - { name: H100, pase: 2 }
            jobs:
              arrival: { type: all_at_once, per_hour: 3 }
              kinds:
                - { name: a, workers: many }
            """);

        Assert.IsNull(read.Config);
        string[] said = [.. read.Errors.Select(static e => $"{e.Line} {e.Path}")];
        CollectionAssert.AreEqual(new[] { "2 strategys", "4 fleet.zones", "6 fleet.gpu_types[0].pase", "8 jobs.arrival.per_hour", "10 jobs.kinds[0].workers.value" }, said, string.Join('\n', read.Errors));
        Assert.Contains("'strategies'", read.Errors[0].Message);
    }

    [TestMethod]
    [DataRow("strategies: [spred]", "strategies[0]", "spread")]
    [DataRow("strategies: [spread, spread]", "strategies[0]", "")]
    [DataRow("serving: { nodes_per_rack: 4 }", "serving.nodes_per_rack", "own")]
    [DataRow("serving: { nodes_per_rack: 1, low: 0.9, peak: 0.1 }", "serving.peak", "low")]
    [DataRow("jobs: { kinds: [] }", "jobs.kinds", "at least one")]
    [DataRow("jobs: { kinds: [{ workers: 17, gpus_per_worker: 8 }] }", "jobs.kinds[0].workers", "wait for ever")]
    [DataRow("jobs: { kinds: [{ workers: 1, gpus_per_worker: 9 }] }", "jobs.kinds[0].workers", "wait for ever")]
    [DataRow("jobs: { kinds: [{ memory_gb: 141 }] }", "jobs.kinds[0].workers", "wait for ever")]
    [DataRow("jobs: { kinds: [{ gpu_types: [B200] }] }", "jobs.kinds[0].gpu_types[0]", "H100-80G")]
    [DataRow("jobs: { kinds: [{ workers: { dist: uniform, min: 4, max: 2 } }] }", "jobs.kinds[0].workers.max", "min")]
    [DataRow("tenants: [{ name: a, max_gpus: 3 }]", "tenants[0].max_gpus", "wait for ever")]
    [DataRow("tenants: [{ name: a }, { name: a }]", "tenants[1].name", "twice")]
    [DataRow("jobs: { arrival: { type: trace, file: nowhere.csv } }", "jobs.arrival.file", "no file")]
    [DataRow("", "", "infermesh sim jobs --example")]
    public void Read_OneError_NamesItsPath(string yaml, string path, string says)
    {
        var errors = JobsConfigYaml.Read(yaml).Errors;
        Assert.IsTrue(errors.Any(e => (e.Path == path || (path == "strategies[0]" && e.Path == "strategies[1]")) && e.Message.Contains(says, StringComparison.Ordinal)), string.Join('\n', errors));
    }

    [TestMethod]
    public void Trace_Rows_AreJobs()
    {
        var jobs = JobTrace.Read(
            new StringReader("submitted_s,id,workers,gpus_per_worker,steps,step_compute_s,tenant,preemptible,min_workers,estimate_s\n160,b,4,8,100,2,,false,2,\n100,a,1,,10,,t,,,50\n"),
            new JobsConfig { Jobs = new() { Kinds = [new() { StepComputeS = 0.25, GpusPerWorker = 2 }], Arrival = new() { Type = JobArrivalType.Trace, File = "x", Speed = 2 } } });

        Assert.AreEqual(("a", 0L, 2, 10.0, 0.25, "t", 50.0), (jobs[0].Id, jobs[0].SubmittedAt, jobs[0].GpusPerWorker, jobs[0].Work, jobs[0].ComputeSeconds, jobs[0].Tenant, jobs[0].EstimateSeconds!.Value));
        Assert.AreEqual(("b", Ticks.Of(30), 8, 400.0, 2.0, false, 2), (jobs[1].Id, jobs[1].SubmittedAt, jobs[1].GpusPerWorker, jobs[1].Work, jobs[1].ComputeSeconds, jobs[1].Preemptible, jobs[1].LeastWorkers));
    }

    [TestMethod]
    [DataRow("submitted_s,workers", "gpu_seconds and steps")]
    [DataRow("submitted_s,workers,steps,colour\n", "colour")]
    [DataRow("workers,steps\n1,2\n", "submitted_s")]
    [DataRow("submitted_s,workers,steps\n", "no job")]
    [DataRow("submitted_s,workers,steps\n1,2\n", "line 2")]
    [DataRow("submitted_s,workers,steps\n1,2,3\n1,0.5,3\n", "line 3")]
    [DataRow("submitted_s,workers,steps,id\n1,2,3,a\n1,2,3,a\n", "line 3")]
    public void Trace_Malformed_SaysWhere(string text, string says)
    {
        var exception = Assert.ThrowsExactly<FormatException>(() => JobTrace.Read(new StringReader(text), new()));
        Assert.Contains(says, exception.Message);
    }
}
