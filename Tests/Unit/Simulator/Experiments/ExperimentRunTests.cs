using System.Text.Json;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Tests.Unit.Simulator.Experiments;

[TestClass]
public sealed class ExperimentRunTests
{
    [TestMethod]
    public void RunExperiment_RoundRobinAgainstMesh_FindsTheWinnerAndCountsEveryRequest()
    {
        var results = SimulationRunner.RunExperiment(Config(), Spec("baseline_rr", "mesh"), new() { Seeds = [1, 2], Threads = 2 });
        foreach (var result in results)
        {
            Assert.AreEqual((ExperimentPhase.Decided, "challenger"), (result.State.Phase, result.State.Winner));
            Assert.AreEqual(result.Run.Requests.Completed + result.Run.Requests.Rejected + result.Run.Requests.Dropped, result.Requests.Sum());
            Assert.AreEqual(0.5, (double)result.Requests[0] / result.Requests.Sum(), 0.05);
            Assert.HasCount(3, result.Comparisons);
            Assert.IsTrue(result.Comparisons.All(c => c.Low <= c.Effect && c.Effect <= c.High));
        }
    }

    [TestMethod]
    public void RunExperiment_MeshAgainstRoundRobin_StopsTheChallengerAndSendsAllToTheControl()
    {
        var result = SimulationRunner.RunExperiment(Config(), Spec("mesh", "baseline_rr")).Single();
        Assert.AreEqual(ExperimentPhase.Stopped, result.State.Phase);
        Assert.IsNotNull(result.Transitions[0].Evidence);
        Assert.IsLessThan(0.4 * result.Requests[0], result.Requests[1]);
    }

    [TestMethod]
    public void RunExperiment_AgainstItself_IsInconclusiveAndChangesNothing()
    {
        var config = Config() with { Strategies = [new("baseline_rr")] };
        var result = SimulationRunner.RunExperiment(config, Spec("least_queue", "least_queue"), new() { Seeds = [1, 2, 3], Threads = 2 });
        Assert.IsTrue(result.All(r => r.State.Phase == ExperimentPhase.Inconclusive), string.Join(' ', result.Select(r => r.State.Phase)));
        var plain = SimulationRunner.Run(config with { Strategies = [new("least_queue")] }, new() { Seeds = [1] }).Single();
        Assert.AreEqual(JsonSerializer.Serialize(plain with { Strategy = "" }), JsonSerializer.Serialize(result[0].Run with { Strategy = "" }), "A strategy that keeps nothing of its own decides the same, split or not.");
    }

    [TestMethod]
    public void RunExperiment_WhatDoesNotFit_SaysSo()
    {
        Assert.Contains("reference_bugs", Assert.ThrowsExactly<ArgumentException>(() => SimulationRunner.RunExperiment(new() { Service = new() { Model = ServiceModel.ReferenceBugs } }, Spec("mesh", "mesh"))).Message);
        Assert.Contains("headers", Assert.ThrowsExactly<ArgumentException>(() => SimulationRunner.RunExperiment(Config(), Spec("mesh", "mesh") with { Unit = AssignmentUnit.Header, Header = "x", DesignEffect = 2 })).Message);
        var precise = Spec("mesh", "prefix_mesh");
        precise = precise with { Arms = [precise.Arms[0], precise.Arms[1] with { Parameters = new Dictionary<string, double> { ["precise"] = 1 } }] };
        Assert.Contains("KV events", Assert.ThrowsExactly<ArgumentException>(() => SimulationRunner.RunExperiment(Config(), precise)).Message);
        Assert.Contains("alpha", Assert.ThrowsExactly<ArgumentException>(() => SimulationRunner.RunExperiment(Config(), Spec("mesh", "mesh") with { Alpha = 1 })).Message);
    }

    /// <summary>A busy fleet of fast and slow nodes, on which round robin does badly.</summary>
    private static SimConfig Config() => SimConfigs.Continuous(0.75, 60);

    private static ExperimentSpec Spec(string control, string challenger) => new()
    {
        Name = "simulated",
        Arms = [new("control", 1, control), new("challenger", 1, challenger)],
        Primary = ExperimentMetric.Quantile(Measure.Ttft, 0.95),
        Guardrails = [new(ExperimentMetric.GeometricMean(Measure.E2e), 0.05), new(ExperimentMetric.ErrorRate, 0.05)],
        MaxDuration = TimeSpan.FromSeconds(60),
        Promotion = new() { MinRequestsPerArm = 500, MinDuration = TimeSpan.Zero },
    };
}
