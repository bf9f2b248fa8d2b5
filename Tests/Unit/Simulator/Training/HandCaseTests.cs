using InferMesh.Simulator.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Tests.Unit.Simulator.Training;

/// <summary>Cases that a pencil solves.</summary>
[TestClass]
public sealed class HandCaseTests
{
    [TestMethod]
    public void Run_OneJobAlone_TakesItsWorkOverItsSpeed()
    {
        var job = TrainingWorlds.Job("a", 4, 1000, at: 50) with { Work = 1000, ComputeSeconds = 0.5, GradientBytes = 1e9, GpusPerWorker = 2, StartTicks = Ticks.Of(7) };
        var result = TrainingWorlds.Run(TrainingWorlds.Fleet(1), job).Of("a");

        var fleet = new JobFleet(TrainingWorlds.Fleet(1));
        var place = TrainingCatalog.Create("topology_best_fit").Place(new() { Workers = 4, GpusPerWorker = 2 }, fleet.Nodes);
        var step = CollectiveHints.For(place, new(2, 0.5, 1e9), CollectiveFabric.Unmeasured).StepSeconds;
        Assert.AreEqual(7 + (1000 / (4 / step)), result.JctSeconds, 1e-6);
        Assert.AreEqual((50.0, 57.0), (result.SubmittedSeconds, result.StartedSeconds));
        Assert.AreEqual(1, result.StepInflation, 1e-12);
        Assert.AreEqual(7 * 8 / 3600.0, result.OverheadGpuHours, 1e-9);
    }

    [TestMethod]
    public void Run_TwoJobsOnOneNode_GoOneAfterTheOther()
    {
        var result = TrainingWorlds.Run(TrainingWorlds.Fleet(1), TrainingWorlds.Job("a", 8, 100), TrainingWorlds.Job("b", 8, 50, at: 10));

        Assert.AreEqual((0.0, 100.0), (result.Of("a").StartedSeconds, result.Of("a").EndedSeconds));
        Assert.AreEqual((100.0, 150.0, 90.0), (result.Of("b").StartedSeconds, result.Of("b").EndedSeconds, result.Of("b").WaitSeconds));
        Assert.AreEqual((150.0, 1.0, 0.0), (result.MakespanSeconds, result.Utilisation, result.Fragmentation));
    }

    [TestMethod]
    public void Run_HalfANodeHeld_TheRestOfItIsAFragment()
    {
        var result = TrainingWorlds.Run(TrainingWorlds.Fleet(2), TrainingWorlds.Job("a", 4, 100));

        Assert.AreEqual((4 / 16.0, 4 / 16.0), (result.Utilisation, result.Fragmentation));
    }

    [TestMethod]
    public void Fail_NodeLost_LosesJustTheWorkSinceTheCheckpoint()
    {
        var job = TrainingWorlds.Job("a", 16, 100_000) with { CheckpointEvery = Ticks.Of(600), RestartTicks = Ticks.Of(40) };
        var config = TrainingWorlds.Fleet(3) with { Failures = new() { MeanTimeBetweenS = 60_000, MeanRepairS = 1 } };
        var result = TrainingWorlds.Run(config, job).Of("a");

        Assert.IsGreaterThan(0, result.Restarts);
        // What is lost is run again, and each way to another place costs 40 s: nothing else takes time.
        Assert.AreEqual(100_000 + (result.LostGpuHours * 3600 / 16) + (40 * result.Moves) + result.WaitSeconds, result.JctSeconds, 0.01);
        Assert.AreEqual(100_000 * 16 / 3600.0, result.UsefulGpuHours, 1e-6);
        Assert.IsLessThan(600.0 * 16 / 3600 * result.Restarts, result.LostGpuHours);
        Assert.IsGreaterThan(0.0, result.LostGpuHours);
    }

    [TestMethod]
    public void Fail_OneNodeOnly_LosesTheTimeSinceTheCheckpointToTheSecond()
    {
        // Without checkpoints all is lost since the beginning: that says when the node failed. With one every 100 s the rest of the division is lost.
        var config = TrainingWorlds.Fleet(1) with { Failures = new() { MeanTimeBetweenS = 5000, MeanRepairS = 500 } };
        var job = TrainingWorlds.Job("a", 8, 4000) with { CheckpointEvery = Ticks.Of(100) };
        var (seed, result) = Enumerable.Range(1, 100).Select(s => (Seed: (ulong)s, Result: TrainingWorlds.Run(config, "binpack", [job], seed: (ulong)s).Of("a"))).First(r => r.Result.Restarts == 1);
        var without = TrainingWorlds.Run(config, "binpack", [job with { CheckpointEvery = 0 }], seed: seed).Of("a");
        Assert.AreEqual(1, without.Restarts);

        var lost = result.LostGpuHours * 3600 / 8;
        var failedAt = without.LostGpuHours * 3600 / 8;
        Assert.AreEqual(failedAt % 100, lost, 1e-6);
        Assert.AreEqual(4000 + lost + result.WaitSeconds, result.JctSeconds, 1e-3);
    }

    [TestMethod]
    public void Preempt_HigherPriority_TheOtherSavesLeavesAndLosesNothing()
    {
        var low = TrainingWorlds.Job("low", 8, 1000, priority: 1) with { SaveTicks = Ticks.Of(20), RestartTicks = Ticks.Of(30) };
        var high = TrainingWorlds.Job("high", 8, 100, at: 200, priority: 9);
        var result = TrainingWorlds.Run(TrainingWorlds.Fleet(1), low, high);

        Assert.AreEqual((220.0, 320.0), (result.Of("high").StartedSeconds, result.Of("high").EndedSeconds));
        Assert.AreEqual((1, 0.0, 1150.0), (result.Of("low").Preemptions, result.Of("low").LostGpuHours, result.Of("low").EndedSeconds), "200 run, 20 saving, 100 waiting, 30 restarting, 800 run");
    }

    [TestMethod]
    public void Preempt_NotPreemptible_TheOtherWaits()
    {
        var low = TrainingWorlds.Job("low", 8, 1000, priority: 1) with { Preemptible = false };
        var result = TrainingWorlds.Run(TrainingWorlds.Fleet(1), low, TrainingWorlds.Job("high", 8, 100, at: 200, priority: 9));

        Assert.AreEqual(1000, result.Of("high").StartedSeconds);
    }

    [TestMethod]
    public void Elastic_RoomIsLeft_GrowsWhenSettledAndGivesItUpForOthers()
    {
        var config = TrainingWorlds.Fleet(1) with { Scheduler = new() { SettledAfterS = 100 } };
        var elastic = TrainingWorlds.Job("elastic", 4, 1000) with { MostWorkers = 8 };
        var result = TrainingWorlds.Run(config, elastic, TrainingWorlds.Job("next", 4, 100, at: 300));

        // 100 s at 4, 200 s at 8 workers, then 4 again until the end of the other, and what is left as fast as it goes.
        Assert.AreEqual(300, result.Of("next").StartedSeconds);
        Assert.AreEqual(3, result.Of("elastic").Moves);
        Assert.AreEqual(400 + ((4000 - 400 - 1600 - 400) / 8.0), result.Of("elastic").EndedSeconds, 1e-6);
    }

    [TestMethod]
    public void Lend_ServingWantsItBack_TheJobLeavesByTheDeadlineAndTheLackIsCounted()
    {
        // A square wave is a cosine that is looked at twice a period.
        var config = TrainingWorlds.Fleet(2) with { Serving = new() { NodesPerRack = 1, Low = 0, Peak = 1, PeriodS = 2000, PeakAtS = 1000, Noise = 0, StepS = 1000, DeadlineS = 30 } };
        var own = TrainingWorlds.Job("a-own", 8, 3000);
        var lent = TrainingWorlds.Job("b-lent", 8, 1500) with { SaveTicks = Ticks.Of(50), CheckpointEvery = Ticks.Of(300) };
        var result = TrainingWorlds.Run(config, own, lent);

        Assert.AreEqual((1, 0), (result.Of("b-lent").Reclaims, result.Of("a-own").Reclaims));
        Assert.AreEqual(100 * 8 / 3600.0, result.Of("b-lent").LostGpuHours, 1e-9, "too slow to save: what came after the checkpoint at 900 s is lost");
        Assert.AreEqual(2000 + 600, result.Of("b-lent").EndedSeconds, 1e-6, "it goes on when serving lends again");
        Assert.AreEqual((30.0, 240.0), (result.UnmetServingSeconds, result.UnmetServingGpuSeconds));
    }

    [TestMethod]
    public void SlowLink_WhileItRuns_TheStepTakesLonger()
    {
        var config = TrainingWorlds.Fleet(2) with { SlowLinks = new() { MeanTimeBetweenS = 2000, MeanDurationS = 500, Factor = 8 } };
        var job = TrainingWorlds.Job("a", 16, 20_000) with { GradientBytes = 5e9 };
        var (well, slow) = (TrainingWorlds.Run(config with { SlowLinks = new() }, job).Of("a"), TrainingWorlds.Run(config, job).Of("a"));

        Assert.AreEqual(1, well.StepInflation, 1e-9);
        Assert.IsGreaterThan(1.01, slow.StepInflation);
        Assert.AreEqual(well.JctSeconds, well.IdealSeconds, 1e-3);
        Assert.IsGreaterThan(well.JctSeconds * 1.01, slow.JctSeconds);
        // Work is steps: the time of it all is that of the steps, slow and well.
        Assert.IsLessThanOrEqualTo(slow.JctSeconds, well.JctSeconds);
    }

    [TestMethod]
    public void Backfill_ExactEstimates_NeverDelaysTheJobThatRoomIsKeptFor()
    {
        var config = TrainingWorlds.Fleet(2);
        JobSpec[] before = [TrainingWorlds.Job("runs", 8, 1000), TrainingWorlds.Job("large", 16, 100, at: 10)];
        JobSpec[] small = [.. Enumerable.Range(0, 30).Select(i => TrainingWorlds.Job($"small{i:00}", 1 + (i % 8), 37 * (i + 1), at: 20 + i))];
        var result = TrainingWorlds.Run(config, [.. before, .. small]);

        Assert.AreEqual(1000, result.Of("large").StartedSeconds, "as if it were alone with the first");
        Assert.IsTrue(small.Any(s => result.Of(s.Id).Backfilled && result.Of(s.Id).EndedSeconds <= 1000));
    }

    [TestMethod]
    public void Strategies_ThreeLevels_TopologyBeatsSpreadInStepTime()
    {
        var config = TrainingWorlds.Fleet(4, racks: 4, zones: 2);
        JobSpec[] jobs = [.. Enumerable.Range(0, 60).Select(i => TrainingWorlds.Job($"j{i:00}", 1 << (i % 6), 600 + (97 * i % 1000), at: 60 * i) with { ComputeSeconds = 0.2, GradientBytes = 2e9 })];
        double Inflation(string strategy) => TrainingWorlds.Run(config, strategy, jobs).Mean(j => j.StepInflation);

        var spread = Inflation("spread");
        foreach (var name in new[] { "topology_best_fit", "topology_balanced", "throughput_aware" }) Assert.IsLessThan(spread / 2, Inflation(name), name);
        Assert.IsLessThan(1.2, Inflation("topology_best_fit"));
    }

    [TestMethod]
    public void Jain_Known_IsWhatTheFormulaSays()
    {
        Assert.AreEqual(1, TrainingResults.Jain([0.3, 0.3, 0.3]), 1e-12);
        Assert.AreEqual(0.25, TrainingResults.Jain([1, 0, 0, 0]), 1e-12);
    }
}
