using InferMesh.Strategies.Training;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Tests.Unit.Strategies.Training.Scheduling;

[TestClass]
public sealed class TrainingSchedulerTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Plan_RoomForAll_StartsThemByPriorityThenAge()
    {
        var plan = Plan([Job("late", 1, at: 2), Job("urgent", 1, priority: 200, at: 3), Job("early", 1, at: 1)], [Fabrics.Node("n1")]);

        CollectionAssert.AreEqual(new[] { "urgent", "early", "late" }, plan.Starts.Select(s => s.Job.Id).ToArray());
        Assert.IsNull(plan.Reservation);
    }

    [TestMethod]
    public void Plan_TwoTenants_TheOneWithLessUseOverItsWeightGoesFirst()
    {
        var terms = new Dictionary<string, TenantTerms> { ["much"] = new() { Usage = 5 }, ["heavy"] = new() { Usage = 6, Weight = 10 } };
        var plan = Plan([Job("a", 8, tenant: "much", at: 1), Job("b", 8, tenant: "heavy", at: 2)], [Fabrics.Node("n1")], tenants: terms);

        Assert.AreEqual("b", plan.Starts.Single().Job.Id);
        Assert.AreEqual(WaitReason.NotEnoughFree, plan.Waits["a"]);
    }

    [TestMethod]
    public void Plan_ManyJobsOfOneTenant_AnotherTenantGetsItsTurnInBetween()
    {
        var jobs = Enumerable.Range(0, 8).Select(i => Job($"a{i}", 2, tenant: "a", at: i)).Append(Job("b0", 2, tenant: "b", at: 100));
        var plan = Plan([.. jobs], [Fabrics.Node("n1")]);

        CollectionAssert.AreEqual(new[] { "a0", "b0", "a1", "a2" }, plan.Starts.Select(s => s.Job.Id).ToArray());
    }

    [TestMethod]
    public void Plan_QuotaReached_TheJobWaitsAndOthersGo()
    {
        var terms = new Dictionary<string, TenantTerms> { ["a"] = new() { MaxGpus = 4 } };
        var plan = Plan([Job("big", 6, tenant: "a", at: 1), Job("elastic", 6, least: 2, tenant: "a", at: 2), Job("other", 4, tenant: "b", at: 3)], [Fabrics.Node("n1")], tenants: terms);

        Assert.AreEqual(WaitReason.Quota, plan.Waits["big"]);
        Assert.AreEqual(4, plan.Starts.Single(s => s.Job.Id == "elastic").Placement.Workers, "as many as the quota allows");
        Assert.IsTrue(plan.Starts.Any(s => s.Job.Id == "other"));
    }

    [TestMethod]
    public void Plan_HigherPriorityFindsNoRoom_TheLeastWorkOfLowerPriorityIsPreempted()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 0), Fabrics.Node("n3", free: 0) };
        var placed = new[]
        {
            Placed(Job("old", 8, priority: 10), Now.AddHours(-5), ("n1", 8)), Placed(Job("young", 8, priority: 10), Now.AddMinutes(-1), ("n2", 8)),
            Placed(Job("firm", 8, priority: 10) with { Preemptible = false }, Now.AddSeconds(-1), ("n3", 8)),
        };
        var plan = Plan([Job("urgent", 8, priority: 500)], nodes, placed);

        Assert.AreEqual("young", plan.Vacates.Single().Job.Job.Id);
        Assert.AreEqual(WaitReason.RoomIsMade, plan.Waits["urgent"]);
        Assert.AreEqual("urgent", plan.Reservation?.Job.Id);
    }

    [TestMethod]
    public void Plan_VictimOnANodeThatTakesNoWork_IsNoHelp()
    {
        var nodes = new[] { Fabrics.Node("closed", free: 0) with { TakesWork = false }, Fabrics.Node("open", free: 0) };
        var placed = new[] { Placed(Job("cheap", 8, priority: 1), Now, ("closed", 8)), Placed(Job("dear", 8, priority: 10), Now.AddHours(-9), ("open", 8)) };

        Assert.AreEqual("dear", Plan([Job("urgent", 8, priority: 500)], nodes, placed).Vacates.Single().Job.Job.Id);
    }

    [TestMethod]
    public void Plan_SamePriority_NobodyIsPreempted()
    {
        var plan = Plan([Job("next", 8)], [Fabrics.Node("n1", free: 0)], [Placed(Job("runs", 8), Now.AddHours(-1), ("n1", 8))]);

        Assert.IsEmpty(plan.Vacates);
        Assert.AreEqual(Now.AddHours(1), plan.Reservation?.At, "what has run for an hour is expected to run another one");
    }

    [TestMethod]
    public void Plan_RoomIsBeingMade_NobodyElseIsPreempted()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 0) };
        var placed = new[] { Placed(Job("leaving", 8, priority: 10), Now.AddHours(-1), ("n1", 8)) with { Busy = true, Leaving = [new("n1", 8)], LeavesBy = Now.AddSeconds(30) }, Placed(Job("stays", 8, priority: 10), Now.AddHours(-2), ("n2", 8)) };
        var plan = Plan([Job("urgent", 8, priority: 500)], nodes, placed);

        Assert.IsEmpty(plan.Vacates);
        Assert.AreEqual(WaitReason.RoomIsMade, plan.Waits["urgent"]);
        Assert.AreEqual(Now.AddSeconds(30), plan.Reservation?.At, "then, not when it would have ended");
    }

    [TestMethod]
    public void Plan_SomebodyElseIsBusy_PreemptsNevertheless()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 0) };
        var placed = new[] { Placed(Job("saving", 8, priority: 10), Now.AddHours(-1), ("n1", 8)) with { Busy = true }, Placed(Job("victim", 8, priority: 10), Now.AddHours(-2), ("n2", 8)) };

        Assert.AreEqual("victim", Plan([Job("urgent", 8, priority: 500)], nodes, placed).Vacates.Single().Job.Job.Id);
    }

    [TestMethod]
    public void Plan_VictimsOfAnotherKind_AreLeftAlone()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0, type: "A100"), Fabrics.Node("n2", free: 0) };
        var placed = new[] { Placed(Job("cheap", 8, priority: 1), Now, ("n1", 8)), Placed(Job("dear", 8, priority: 10), Now.AddHours(-9), ("n2", 8)) };

        Assert.AreEqual("dear", Plan([Job("urgent", 8, priority: 500, type: "H100")], nodes, placed).Vacates.Single().Job.Job.Id);
    }

    [TestMethod]
    public void Plan_LargeGangOverManySmallJobs_PreemptsAsManyAsItTakes()
    {
        var nodes = Enumerable.Range(0, 20).Select(i => Fabrics.Node($"n{i:00}", free: 0)).ToArray();
        var placed = Enumerable.Range(0, 160).Select(i => Placed(Job($"s{i:000}", 1, priority: 10), Now.AddMinutes(-i), ($"n{i / 8:00}", 1))).ToArray();
        var plan = Plan([Job("gang", 120, priority: 500)], nodes, placed);

        Assert.IsTrue(plan.Vacates.Count is >= 120 and <= 160, $"{plan.Vacates.Count}");
    }

    [TestMethod]
    public void Plan_HundredsThatCannotRun_KeepNobodyFromTheirTurn()
    {
        var never = Enumerable.Range(0, 600).Select(i => Job($"never{i}", 1 + (i % 2), tenant: "idle", at: i, type: "B200"));
        var full = Enumerable.Range(0, 600).Select(i => Job($"full{i}", 1, priority: 900, tenant: "full", at: i));
        var terms = new Dictionary<string, TenantTerms> { ["full"] = new() { MaxGpus = 0 }, ["busy"] = new() { Usage = 9 } };
        var plan = Plan([.. never, .. full, Job("mine", 1, tenant: "busy", at: 5000)], [Fabrics.Node("n1")], tenants: terms);

        Assert.AreEqual("mine", plan.Starts.Single().Job.Id);
    }

    [TestMethod]
    public void Plan_GrowthOfTwoJobs_StaysWithinTheQuota()
    {
        var terms = new Dictionary<string, TenantTerms> { ["t"] = new() { MaxGpus = 6 } };
        var nodes = new[] { Fabrics.Node("n1", free: 4) };
        var placed = new[] { Placed(Job("a", 4) with { MaxWorkers = 4 }, Now, ("n1", 2)), Placed(Job("b", 4) with { MaxWorkers = 4 }, Now, ("n1", 2)) };
        var plan = Plan([], nodes, placed, terms);

        Assert.HasCount(1, plan.Moves, "two more GPUs, not four");
    }

    [TestMethod]
    public void Plan_ElasticJobBeyondWhatItAskedFor_GivesThatUpBeforeAnybodyIsPreempted()
    {
        var elastic = Job("elastic", 4, least: 2, priority: 100) with { MaxWorkers = 8 };
        var plan = Plan([Job("next", 4)], [Fabrics.Node("n1", free: 0)], [Placed(elastic, Now.AddHours(-1), ("n1", 8))]);

        Assert.AreEqual((MoveKind.Shrink, 4), (plan.Moves.Single().Kind, plan.Moves.Single().Placement.Workers));
        Assert.AreEqual("next", plan.Moves.Single().For);
        Assert.IsEmpty(plan.Vacates);
    }

    [TestMethod]
    public void Plan_LargeGangWaits_SmallOnesFillOnlyWhatItDoesNotNeedByThen()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 8) };
        var runs = Placed(Job("runs", 8) with { Expected = TimeSpan.FromHours(2) }, Now.AddHours(-1), ("n1", 8));
        var plan = Plan(
            [Job("large", 16, at: 1), Job("long", 4, at: 2) with { Expected = TimeSpan.FromHours(3) }, Job("short", 4, at: 3) with { Expected = TimeSpan.FromMinutes(30) }, Job("unknown", 4, at: 4)], nodes, [runs]);

        Assert.AreEqual(Now.AddHours(1), plan.Reservation?.At);
        CollectionAssert.AreEqual(new[] { "short" }, plan.Starts.Select(s => s.Job.Id).ToArray());
        Assert.IsTrue(plan.Starts[0].Backfilled);
        Assert.AreEqual((WaitReason.Reserved, WaitReason.Reserved), (plan.Waits["long"], plan.Waits["unknown"]));
    }

    [TestMethod]
    public void Plan_CanNeverRun_SaysSoAndKeepsNoRoom()
    {
        var plan = Plan([Job("huge", 64, at: 1), Job("other", 1, at: 2, type: "B200"), Job("fits", 1, at: 3)], [Fabrics.Node("n1")]);

        Assert.AreEqual((WaitReason.TooLarge, WaitReason.NoSuchGpu), (plan.Waits["huge"], plan.Waits["other"]));
        Assert.AreEqual("fits", plan.Starts.Single().Job.Id);
        Assert.IsNull(plan.Reservation);
    }

    [TestMethod]
    public void Plan_NodeLost_ItsWorkersGoElsewhereAndTheOthersStay()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n3"), Fabrics.Node("n4", rack: "r2") };
        var plan = Plan([], nodes, [Placed(Job("job", 16), Now.AddHours(-1), ("n1", 8), ("n2", 8)) with { Lost = new HashSet<string> { "n2" } }]);

        Assert.AreEqual(MoveKind.Repair, plan.Moves.Single().Kind);
        CollectionAssert.AreEquivalent(new[] { "n1", "n3" }, plan.Moves.Single().Placement.Groups.Select(g => g.Node).ToArray());
    }

    [TestMethod]
    public void Plan_NodeLostAndNoSpare_AnElasticJobShrinksAndAnotherWaits()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0) };
        var lost = new HashSet<string> { "n2" };
        var elastic = Plan([], nodes, [Placed(Job("elastic", 16, least: 4), Now.AddHours(-1), ("n1", 8), ("n2", 8)) with { Lost = lost }]);
        var rigid = Plan([], nodes, [Placed(Job("rigid", 16), Now.AddHours(-1), ("n1", 8), ("n2", 8)) with { Lost = lost }]);

        Assert.AreEqual((MoveKind.Shrink, 8), (elastic.Moves.Single().Kind, elastic.Moves.Single().Placement.Workers));
        Assert.AreEqual("rigid", rigid.Vacates.Single().Job.Job.Id);
    }

    [TestMethod]
    public void Plan_ServingLends_OnlyWhatMayBePreemptedGoesThereAndOnlyWhenNothingElseIsFree()
    {
        var nodes = new[] { Fabrics.Node("own"), Fabrics.Node("lent") };
        var lendable = new HashSet<string> { "lent" };
        var plan = TrainingScheduler.Plan(
            Queue(Job("first", 8, at: 1), Job("firm", 8, at: 2) with { Preemptible = false }, Job("second", 8, at: 3)), new() { Now = Now, Nodes = nodes, Lendable = lendable });

        Assert.AreEqual("own", plan.Starts.Single(s => s.Job.Id == "first").Placement.Groups.Single().Node);
        Assert.AreEqual(WaitReason.NotEnoughFree, plan.Waits["firm"]);
        Assert.AreEqual("lent", plan.Starts.Single(s => s.Job.Id == "second").Placement.Groups.Single().Node);
    }

    [TestMethod]
    public void Plan_FragmentedForLong_SmallJobsMoveTogether()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 4), Fabrics.Node("n2", free: 4) };
        var placed = new[] { Placed(Job("a", 4), Now.AddHours(-1), ("n1", 4)), Placed(Job("b", 4), Now.AddHours(-1), ("n2", 4)) };
        var whole = new TrainingJob { Id = "whole", SubmittedAt = Now.AddMinutes(-10), Priority = 100, Gang = new() { Workers = 1, GpusPerWorker = 8 } };
        var plan = Plan([whole], nodes, placed);

        Assert.AreEqual((MoveKind.Consolidate, "whole"), (plan.Moves.Single().Kind, plan.Moves.Single().For));
        Assert.IsEmpty(Plan([whole with { SubmittedAt = Now.AddMinutes(-1) }], nodes, placed).Moves, "not before it has waited");
    }

    [TestMethod]
    public void Plan_NobodyWaits_ElasticJobGrowsWhenItPays()
    {
        var elastic = Job("elastic", 4, least: 2) with { MaxWorkers = 8 };
        var nodes = new[] { Fabrics.Node("n1", free: 4) };

        Assert.AreEqual((MoveKind.Grow, 8), Move(Plan([], nodes, [Placed(elastic, Now.AddHours(-1), ("n1", 4))])));
        Assert.IsEmpty(Plan([], nodes, [Placed(elastic with { Expected = TimeSpan.FromMinutes(61) }, Now.AddHours(-1), ("n1", 4))]).Moves, "a minute is left: not worth a restart");
        Assert.IsEmpty(Plan([], nodes, [Placed(elastic, Now.AddSeconds(-30), ("n1", 4))]).Moves, "just started");
    }

    [TestMethod]
    public void Plan_BetterPlaceIsFree_JobMovesWhenItsStepsGetThatMuchFaster()
    {
        var step = new TrainingStep(8, 0.1, 2e9);
        var job = Job("job", 2) with { Gang = Fabrics.Gang(2, 8), Step = step };
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n2", zone: "z2", rack: "r9", free: 0), Fabrics.Node("n3") };

        Assert.AreEqual((MoveKind.Rebalance, 2), Move(Plan([], nodes, [Placed(job, Now.AddHours(-1), ("n1", 1), ("n2", 1))])));
        Assert.IsEmpty(Plan([], nodes, [Placed(job with { Step = new(8, 100, 1) }, Now.AddHours(-1), ("n1", 1), ("n2", 1))]).Moves, "its links do not matter");
    }

    [TestMethod]
    public void Plan_FasterGpusAreFree_JobThatIsAsFastAsItsSlowestMovesThere()
    {
        var job = Job("job", 1) with { Gang = Fabrics.Gang(1) with { Throughput = new Dictionary<string, double> { ["H100"] = 1, ["A100"] = 0.4 } }, Strategy = "throughput_aware" };
        var nodes = new[] { Fabrics.Node("slow", rack: "r2", type: "A100", free: 7), Fabrics.Node("fast") };
        var plan = Plan([], nodes, [Placed(job, Now.AddHours(-1), ("slow", 1))]);

        Assert.AreEqual((MoveKind.Rebalance, 1), Move(plan));
        Assert.AreEqual("fast", plan.Moves.Single().Placement.Groups.Single().Node);
    }

    [TestMethod]
    public void Plan_MoreRoomOnSlowerGpusOnly_JobDoesNotGrowIntoThem()
    {
        var gang = new Gang { Workers = 8, MinWorkers = 4, GpusPerWorker = 1, Throughput = new Dictionary<string, double> { ["H100"] = 1, ["A100"] = 0.4 } };
        var elastic = Job("elastic", 8) with { Gang = gang, MaxWorkers = 16, Step = new(1, 1, 0) };
        var nodes = new[] { Fabrics.Node("fast", free: 0), Fabrics.Node("slow", type: "A100") };

        Assert.IsEmpty(Plan([], nodes, [Placed(elastic, Now.AddHours(-1), ("fast", 8))]).Moves, "twice as many workers at four tenths of the pace");
        Assert.AreEqual((MoveKind.Grow, 16), Move(Plan([], [nodes[0], Fabrics.Node("slow")], [Placed(elastic, Now.AddHours(-1), ("fast", 8))])));
    }

    [TestMethod]
    public void Plan_SmallJobStartsElsewhere_AnUrgentOneStillPreempts()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 0) };
        var placed = new[]
        {
            Placed(Job("small", 1, priority: 10), Now.AddSeconds(-1), ("n2", 1)) with { Busy = true }, Placed(Job("firm", 7, priority: 10) with { Preemptible = false }, Now.AddHours(-1), ("n2", 7)),
            Placed(Job("low", 8, priority: 10), Now.AddHours(-2), ("n1", 8)),
        };
        var plan = Plan([Job("urgent", 8, priority: 500)], nodes, placed);

        Assert.AreEqual("low", plan.Vacates.Single().Job.Job.Id, "what starts makes no room, however many follow one another");
    }

    [TestMethod]
    public void Plan_RoomWasMade_GoesToTheJobThatItWasMadeForWhoseverTurnItIsNow()
    {
        var terms = new Dictionary<string, TenantTerms> { ["much"] = new() { Usage = 5 } };
        TrainingJob[] jobs = [Job("a", 8, tenant: "much", at: 1), Job("b", 8, tenant: "little", at: 2), Job("urgent", 9, priority: 500, at: 3)];
        SchedulerPlan Next(string roomFor) => TrainingScheduler.Plan(Queue(jobs[..2]), new() { Now = Now, Nodes = [Fabrics.Node("n1")], Tenants = terms, RoomFor = roomFor });

        Assert.AreEqual("b", Next("").Starts.Single().Job.Id);
        Assert.AreEqual("a", Next("a").Starts.Single().Job.Id);
        Assert.AreEqual("b", Next("gone").Starts.Single().Job.Id);
        var preempts = Plan([jobs[0]], [Fabrics.Node("n1", free: 0)], [Placed(Job("low", 8, priority: 1), Now.AddHours(-1), ("n1", 8))]);
        Assert.AreEqual("a", preempts.RoomFor);
        var first = TrainingScheduler.Plan(Queue(jobs), new() { Now = Now, Nodes = [Fabrics.Node("n1"), Fabrics.Node("n2", free: 1)], Tenants = terms, RoomFor = "a" });
        Assert.AreEqual("urgent", first.Starts.Single().Job.Id, "one of higher priority still goes first");
    }

    [TestMethod]
    public void Plan_NothingToGain_LooksForNoPlace()
    {
        var nodes = new[] { Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 4), Fabrics.Node("n3") };
        var placed = new[] { Placed(Job("whole", 8) with { Step = new(1, 0.1, 1e9) }, Now.AddHours(-1), ("n1", 8)), Placed(Job("part", 4), Now.AddHours(-1), ("n2", 4)) };

        Assert.AreEqual(0, Plan([], nodes, placed).Searches);
    }

    [TestMethod]
    public void Plan_ConsolidationInAChain_NobodyGoesWhereAnotherStillIs()
    {
        var only = new Dictionary<string, double> { ["H100"] = 1 };
        var nodes = new[] { Fabrics.Node("n1", free: 5), Fabrics.Node("n2", free: 2), Fabrics.Node("n3", type: "A100") };
        var placed = new[]
        {
            Placed(Job("a", 3) with { Gang = Fabrics.Gang(3) with { Throughput = only } }, Now.AddHours(-1), ("n1", 3)), Placed(Job("b", 3), Now.AddHours(-1), ("n2", 3)),
            Placed(Job("firm", 3) with { Preemptible = false }, Now.AddHours(-1), ("n2", 3)),
        };
        var whole = new TrainingJob { Id = "whole", SubmittedAt = Now.AddMinutes(-10), Priority = 100, Gang = new() { Workers = 1, GpusPerWorker = 8, Throughput = only } };
        var plan = Plan([whole], nodes, placed);

        Assert.AreEqual("b", plan.Moves.Single().Job.Job.Id, "the other follows when this one has left");
        Assert.AreEqual("n3", plan.Moves.Single().Placement.Groups.Single().Node);
        Assert.AreEqual(WaitReason.RoomIsMade, plan.Waits["whole"]);
    }

    [TestMethod]
    public void Plan_OwnerScales_TheJobFollows()
    {
        var down = Plan([], [Fabrics.Node("n1", free: 0)], [Placed(Job("job", 2) with { MaxWorkers = 2 }, Now, ("n1", 8))]);
        var up = Plan([], [Fabrics.Node("n1", free: 6)], [Placed(Job("job", 8) with { MaxWorkers = 8 }, Now, ("n1", 2))]);

        Assert.AreEqual((MoveKind.Shrink, 2), Move(down));
        Assert.AreEqual((MoveKind.Grow, 8), Move(up));
    }

    [TestMethod]
    public void Plan_RandomFleetsAndJobs_NothingIsGivenTwiceAndEveryStartIsWhole()
    {
        var random = new Random(20260301);
        for (var round = 0; round < 400; round++)
        {
            var nodes = Enumerable.Range(0, random.Next(1, 9)).Select(i => Fabrics.Node($"n{i}", rack: $"r{random.Next(3)}", free: 8)).ToArray();
            var placed = new List<PlacedJob>();
            for (var i = 0; i < random.Next(6); i++)
            {
                var job = RandomJob(random, $"p{i}");
                if (TrainingCatalog.Create("binpack").Place(job.Gang, nodes) is not { Failure: PlacementFailure.None } at) continue;
                placed.Add(new() { Job = job, Groups = at.Groups, Since = Now.AddMinutes(-random.Next(200)), StartedAt = Now.AddMinutes(-200), Busy = random.Next(5) == 0, Lost = random.Next(6) == 0 ? new HashSet<string> { at.Groups[0].Node } : [] });
                Hold(nodes, at.Groups, job.Gang.GpusPerWorker);
            }
            var jobs = Enumerable.Range(0, random.Next(12)).Select(i => RandomJob(random, $"q{i}")).ToArray();
            var terms = new Dictionary<string, TenantTerms> { ["t0"] = new() { MaxGpus = random.Next(20) } };
            var plan = TrainingScheduler.Plan(Queue(jobs), new() { Now = Now, Nodes = nodes, Placed = placed, Tenants = terms });

            var free = nodes.ToDictionary(n => n.Id, n => n.FreeGpus);
            foreach (var start in plan.Starts)
            {
                Assert.IsTrue(start.Placement.Workers >= start.Job.Gang.Least && start.Placement.Workers <= start.Job.Gang.Workers, $"round {round}: {start.Job.Id}");
                foreach (var group in start.Placement.Groups) free[group.Node] -= group.Workers * start.Job.Gang.GpusPerWorker;
            }
            foreach (var move in plan.Moves)
            {
                var has = move.Job.Groups.ToDictionary(g => g.Node, g => g.Workers);
                foreach (var group in move.Placement.Groups) free[group.Node] -= Math.Max(0, group.Workers - has.GetValueOrDefault(group.Node)) * move.Job.Job.Gang.GpusPerWorker;
                Assert.IsFalse(move.Job.Busy);
            }
            Assert.IsTrue(free.Values.All(f => f >= 0), $"round {round}: {string.Join(", ", free)}");
            Assert.IsTrue(jobs.All(j => plan.Starts.Any(s => s.Job.Id == j.Id) || plan.Waits.ContainsKey(j.Id) || plan.FullTenants.Contains(j.Tenant)), $"round {round}: every job starts or says why not");
            Assert.AreEqual(plan.Moves.Count + plan.Vacates.Count, plan.Moves.Select(m => m.Job.Job.Id).Concat(plan.Vacates.Select(v => v.Job.Job.Id)).Distinct().Count(), $"round {round}: one thing per job");
            Assert.IsTrue(plan.Vacates.All(v => !v.Job.Busy && (v.For.Length == 0 || v.Job.Job.Preemptible)), $"round {round}");
            var held = plan.Starts.Where(s => s.Job.Tenant == "t0").Sum(s => s.Placement.Workers * s.Job.Gang.GpusPerWorker);
            if (held > 0) Assert.IsTrue(held + placed.Where(p => p.Job.Tenant == "t0").Sum(p => p.Gpus) <= terms["t0"].MaxGpus, $"round {round}: quota");
        }
    }

    [TestMethod]
    public void Plan_HundredThousandJobsWait_LooksAtTheFirstOnly()
    {
        var queue = new JobQueue();
        for (var i = 0; i < 100_000; i++) queue.Put(Job($"j{i}", 1 + (i % 16), tenant: $"t{i % 50}", at: i));
        var plan = TrainingScheduler.Plan(queue, new() { Now = Now, Nodes = [Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 0)] });

        Assert.AreEqual(10_000, plan.Waits.Count);
        Assert.IsTrue(plan.Searches <= 17, $"{plan.Searches} searches: jobs of one shape fail together");
    }

    [TestMethod]
    public void Plan_TenantOfSomeNodes_StartsMovesAndPreemptsOnlyThere()
    {
        var terms = new Dictionary<string, TenantTerms> { ["home"] = new() { Nodes = new HashSet<string> { "n2" } } };
        TrainingNode[] free = [Fabrics.Node("n1"), Fabrics.Node("n2", free: 4), Fabrics.Node("n3")];
        var plan = Plan([Job("small", 4, tenant: "home", at: 1), Job("large", 8, tenant: "home", at: 2), Job("other", 8, tenant: "t", at: 3)], free, tenants: terms);
        CollectionAssert.AreEqual(new[] { "n2" }, plan.Starts.Single(s => s.Job.Id == "small").Placement.Groups.Select(g => g.Node).ToArray());
        Assert.IsTrue(plan.Waits.ContainsKey("large"), "what is free elsewhere is not for it");
        Assert.IsTrue(plan.Starts.Any(s => s.Job.Id == "other"), "and its wait says nothing about others of its shape");

        TrainingNode[] full = [Fabrics.Node("n1", free: 0), Fabrics.Node("n2", free: 0)];
        var placed = new[] { Placed(Job("a", 8, priority: 10), Now.AddMinutes(-1), ("n1", 8)), Placed(Job("b", 8, priority: 10), Now.AddHours(-5), ("n2", 8)) };
        Assert.AreEqual("b", Plan([Job("urgent", 8, priority: 500, tenant: "home")], full, placed, terms).Vacates.Single().Job.Job.Id);

        var lost = Placed(Job("c", 8, tenant: "home"), Now.AddHours(-1), ("n2", 8)) with { Lost = new HashSet<string> { "n2" } };
        Assert.IsEmpty(Plan([], [Fabrics.Node("n1"), Fabrics.Node("n3")], [lost], terms).Moves);
    }

    private static (MoveKind, int) Move(SchedulerPlan plan) => (plan.Moves.Single().Kind, plan.Moves.Single().Placement.Workers);

    private static TrainingJob RandomJob(Random random, string id)
    {
        var workers = random.Next(1, 6);
        return Job(id, workers, least: random.Next(3) == 0 ? 1 : 0, priority: random.Next(3) * 100, tenant: $"t{random.Next(3)}", at: random.Next(1000)) with
        {
            Gang = new() { Workers = workers, MinWorkers = random.Next(3) == 0 ? 1 : 0, GpusPerWorker = random.Next(1, 9), Required = random.Next(4) == 0 ? TopologyLevel.Rack : null },
            Preemptible = random.Next(3) > 0,
            Expected = random.Next(2) == 0 ? TimeSpan.FromMinutes(random.Next(600)) : null,
            MaxWorkers = random.Next(4) == 0 ? workers + 2 : 0,
        };
    }

    private static void Hold(TrainingNode[] nodes, IReadOnlyList<WorkerGroup> groups, int gpus)
    {
        foreach (var group in groups)
        {
            var i = Array.FindIndex(nodes, n => n.Id == group.Node);
            nodes[i] = nodes[i] with { FreeGpus = nodes[i].FreeGpus - (group.Workers * gpus) };
        }
    }

    [TestMethod]
    public void Plan_LinksOfANodeAreBusy_AGangThatLeavesItsNodesGoesElsewhere()
    {
        var step = new TrainingStep(1, ComputeSeconds: 0.1, GradientBytes: 1e9); // 2 GB in 0.1 + 0.2 s: 6.7 GB/s of 10
        TrainingNode[] nodes = [.. Enumerable.Range(1, 6).Select(n => Fabrics.Node($"n{n}", free: 4) with { LinkBytesPerSecond = 1e10, LinkClaimedBytesPerSecond = n <= 2 ? 5e9 : 0 })];

        CollectionAssert.AreEqual(new[] { "n3", "n4" }, Nodes(Plan([Job("a", 8) with { Step = step }], nodes)), "those whose links are free");
        CollectionAssert.AreEqual(new[] { "n1" }, Nodes(Plan([Job("a", 4) with { Step = step }], nodes)), "it needs no links");
        CollectionAssert.AreEqual(new[] { "n1", "n2" }, Nodes(Plan([Job("a", 8) with { Step = step with { ComputeSeconds = 1 } }], nodes)), "there is enough left for it");
        CollectionAssert.AreEqual(new[] { "n1", "n2" }, Nodes(Plan([Job("a", 8) with { Step = step }], nodes[..3])), "sharing is better than waiting");
        var far = nodes.Select(n => n.LinkClaimedBytesPerSecond > 0 ? n : n with { Zone = $"z-{n.Id}", Cell = $"c-{n.Id}" }).ToArray();
        CollectionAssert.AreEqual(new[] { "n1", "n2" }, Nodes(Plan([Job("a", 8) with { Step = step }], far)), "half of a near link is faster than a far one");
    }

    [TestMethod]
    public void Plan_TwoGangsStartAtOnce_TheSecondSeesTheLinksOfTheFirst()
    {
        var step = new TrainingStep(1, ComputeSeconds: 0.1, GradientBytes: 1e9);
        TrainingNode[] nodes = [.. Enumerable.Range(1, 4).Select(n => Fabrics.Node($"n{n}", free: 4) with { LinkBytesPerSecond = 1e10 })];

        var plan = Plan([Job("a", 6, at: 1) with { Strategy = "spread", Step = step }, Job("b", 4, at: 2) with { Gang = Fabrics.Gang(2, 2), Strategy = "spread", Step = step }], nodes[..]);

        Assert.HasCount(2, plan.Starts);
        Assert.AreEqual("n1 n2 n3 n4", string.Join(' ', plan.Starts[0].Placement.Groups.Select(g => g.Node).Order()), "it leaves no node alone, so the second has no choice");
        var apart = Plan([Job("a", 6, at: 1) with { Step = step }, Job("b", 6, at: 2) with { Step = step }], nodes);
        Assert.IsFalse(apart.Starts[0].Placement.Groups.Select(g => g.Node).Intersect(apart.Starts[1].Placement.Groups.Select(g => g.Node)).Any(), "two nodes each, though the fullest are begun first");
    }

    private static string[] Nodes(SchedulerPlan plan) => [.. plan.Starts.Single().Placement.Groups.Select(g => g.Node).Order(StringComparer.Ordinal)];

    private static TrainingJob Job(string id, int workers, int least = 0, int priority = 100, string tenant = "t", int at = 0, string type = "") => new()
    {
        Id = id,
        Tenant = tenant,
        Priority = priority,
        SubmittedAt = Now.AddSeconds(at - 120),
        Gang = new() { Workers = workers, MinWorkers = least, GpusPerWorker = 1, Throughput = type.Length > 0 ? new Dictionary<string, double> { [type] = 1 } : new Dictionary<string, double>() },
    };

    private static PlacedJob Placed(TrainingJob job, DateTimeOffset since, params (string Node, int Workers)[] groups) =>
        new() { Job = job, Groups = [.. groups.Select(g => new WorkerGroup(g.Node, g.Workers))], Since = since, StartedAt = since };

    private static JobQueue Queue(params IEnumerable<TrainingJob> jobs)
    {
        var queue = new JobQueue();
        foreach (var job in jobs) queue.Put(job);
        return queue;
    }

    private static SchedulerPlan Plan(IReadOnlyList<TrainingJob> jobs, IReadOnlyList<TrainingNode> nodes, IReadOnlyList<PlacedJob>? placed = null, IReadOnlyDictionary<string, TenantTerms>? tenants = null) =>
        TrainingScheduler.Plan(Queue(jobs), new() { Now = Now, Nodes = nodes, Placed = placed ?? [], Tenants = tenants ?? new Dictionary<string, TenantTerms>() });
}
