using InferMesh.Strategies;
using InferMesh.Strategies.Admission;
using InferMesh.Strategies.Policies;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;
using InferMesh.Tests.Unit.Simulator;
using InferMesh.Tests.Unit.Strategies.Hosting;

namespace InferMesh.Tests.Unit.Strategies.Recording;

/// <summary>Files of recordings: what goes in comes out, and what is damaged ends them where it is damaged.</summary>
[TestClass]
public sealed class RecordingFileTests
{
    private static readonly RecordingOptions s_small = new(7, Tables.NowTicks) { BlockBytes = 4096, FileBytes = 64 << 10 };

    [TestMethod]
    public void Tables_WithPoliciesPlacesAndSessions_AreRecordedWholeAndReplayBitForBit()
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, s_small);
        var decided = Decide(recorder, 1200);
        recorder.Flush();
        Assert.IsGreaterThan(2, sink.Files.Count, "Small files, so that several are written.");

        var replay = new DecisionReplay();
        var seen = new Seen(replay);
        Assert.AreEqual(decided.Count, Recordings.Read(sink.Files, seen));
        Assert.AreEqual(decided.Count, replay.Identical, string.Join("\n", replay.Differences));
        CollectionAssert.AreEqual(decided, seen.Lines);
        CollectionAssert.IsSubsetOf(new[] { "Routed", "Overloaded", "Forbidden", "QuotaExceeded", "ModelUnknown", "NoEligibleTarget" }, decided.Select(static l => l.Split(' ')[1]).Distinct().ToArray());
        Assert.IsGreaterThan(100, seen.Ends);
    }

    [TestMethod]
    public void Read_CutAnywhere_UsesTheWholeBlocksAndNamesTheRest()
    {
        var file = Whole(out var blocks);
        var random = new Random(3);
        for (var cut = 0; cut < 60; cut++)
        {
            var length = random.Next(RecordingFormat.HeaderBytes, file.Length);
            var replay = new DecisionReplay();
            var read = new RecordingReader().Read(file.AsSpan(0, length), replay);
            var whole = blocks.TakeWhile(end => end <= length).Count();
            Assert.AreEqual(whole, read.Blocks);
            Assert.AreEqual(length - (whole == 0 ? RecordingFormat.HeaderBytes : blocks[whole - 1]), read.LostBytes);
            Assert.AreEqual(read.Decisions, replay.Identical);
            if (read.LostBytes > 0) Assert.Contains("cut off", read.Problem);
        }
    }

    [TestMethod]
    public void Read_AnyChangedBit_IsFoundByTheChecksum()
    {
        var file = Whole(out var blocks);
        var random = new Random(4);
        for (var turn = 0; turn < 200; turn++)
        {
            var damaged = file.ToArray();
            var at = random.Next(damaged.Length);
            damaged[at] ^= (byte)(1 << random.Next(8));
            var replay = new DecisionReplay();
            var read = new RecordingReader().Read(damaged, replay);
            // The counts in the head of a block are for people who look at it; nothing rests on them.
            var inCounts = at >= RecordingFormat.HeaderBytes && blocks.Prepend(RecordingFormat.HeaderBytes).Any(b => at >= b + 8 && at < b + RecordingFormat.BlockHeaderBytes);
            Assert.AreEqual(inCounts, read.Problem.Length == 0, $"byte {at}");
            Assert.AreEqual(replay.Replayed, replay.Identical, "What is used is right.");
            if (at < RecordingFormat.HeaderBytes) Assert.IsNull(read.Header);
            else Assert.AreEqual(inCounts ? blocks.Count : blocks.TakeWhile(end => end <= at).Count(), read.Blocks);
        }
    }

    [TestMethod]
    public void Read_NoRecording_SaysSo()
    {
        var reader = new RecordingReader();
        Assert.Contains("no recording", reader.Read("not a recording, but long enough to be the head of one"u8, new DecisionReplay()).Problem);
        Assert.Contains("no recording", reader.Read([], new DecisionReplay()).Problem);
        var later = Whole(out _);
        later[4] = 9;
        Assert.Contains("version 9", reader.Read(later, new DecisionReplay()).Problem);
    }

    [TestMethod]
    public void Read_AForgedBlock_EndsTheFileAndNothingElse()
    {
        var file = Whole(out _);
        var random = new Random(5);
        for (var turn = 0; turn < 300; turn++)
        {
            // Any bytes, with the right checksum.
            var block = new byte[random.Next(1, 400)];
            random.NextBytes(block);
            var forged = new byte[RecordingFormat.HeaderBytes + RecordingFormat.BlockHeaderBytes + block.Length];
            file.AsSpan(0, RecordingFormat.HeaderBytes).CopyTo(forged);
            BitConverter.TryWriteBytes(forged.AsSpan(RecordingFormat.HeaderBytes), block.Length);
            BitConverter.TryWriteBytes(forged.AsSpan(RecordingFormat.HeaderBytes + 4), RecordingFormat.Checksum(block));
            block.CopyTo(forged, RecordingFormat.HeaderBytes + RecordingFormat.BlockHeaderBytes);
            Assert.Contains("is no block", new RecordingReader().Read(forged, new DecisionReplay()).Problem);
        }
    }

    [TestMethod]
    public void Read_ChangedBytesUnderARightChecksum_EndTheFileAtMost()
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, s_small with { FileBytes = 1 << 30 });
        Decide(recorder, 60);
        recorder.Flush();
        // Sets that are replaced, and sets that are updated in place.
        var config = SimConfigs.Small(2, 0.1, "hybrid_mesh");
        foreach (var (file, seed) in new[] { (sink.Files.Single(), 6), (Recordings.Of(config).Single(), 7) })
        {
            var random = new Random(seed);
            var ended = 0;
            for (var turn = 0; turn < 800; turn++)
            {
                var forged = file.ToArray();
                var block = forged.AsSpan(RecordingFormat.HeaderBytes + RecordingFormat.BlockHeaderBytes, BitConverter.ToInt32(forged, RecordingFormat.HeaderBytes));
                for (var changes = random.Next(1, 4); changes > 0; changes--) block[random.Next(block.Length)] = (byte)random.Next(random.Next(2) == 0 ? 16 : 256);
                BitConverter.TryWriteBytes(forged.AsSpan(RecordingFormat.HeaderBytes + 4), RecordingFormat.Checksum(block));
                IRecordingVisitor visitor = turn % 2 == 0 ? new DecisionReplay() : new DecisionComparison(static () => StrategyCatalog.Create("mesh"));
                if (new RecordingReader().Read(forged, visitor).Problem.Length > 0) ended++;
            }
            Assert.IsGreaterThan(50, ended);
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void Read_AFileIsMissing_WhatLearnsIsNotMadeAgainFromThereOn(int missing)
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, s_small);
        var targets = new TargetSet(Tables.Model, Tables.Equal(8));
        RoutingTable[] tables = [.. new[] { "hybrid_mesh", "mesh_hedge" }.Select((name, i) => new RoutingTable(i + 1, [targets], new([Tables.Rule("learns") with { Strategy = StrategyCatalog.Create(name) }])))];
        for (var (i, files) = (0, 0); files < 5; i++)
        {
            if (i % 100 == 0) files = sink.Files.Count;
            // The second strategy is first named in the second file.
            var table = tables[files < 2 ? 0 : 1];
            recorder.Decided(table, Tables.Request(), DecisionKernel.Decide(table, Tables.Request(), Tables.NowTicks + i, (ulong)i, (ulong)i), Tables.NowTicks + i, (ulong)i, (ulong)i);
        }
        recorder.Flush();

        var (replay, before, decisions) = (new DecisionReplay(), new DecisionReplay(), 0L);
        var whole = Recordings.Read(sink.Files.Take(missing), before);
        decisions = Recordings.Read(sink.Files.Where((_, i) => i != missing), replay);
        Assert.IsGreaterThan(whole + 1000, decisions);
        Assert.AreEqual((whole, whole, decisions - whole), (replay.Replayed, replay.Identical, replay.Skipped(Replayable.MemoryUnknown)));
    }

    [TestMethod]
    public void Recorder_AfterAGap_TellsTheEndsOfWhatCameBeforeIt()
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, s_small);
        var table = Tables.Table(Tables.Equal(4));
        long Decided(int at) => recorder.Decided(table, Tables.Request(), DecisionKernel.Decide(table, Tables.Request(), Tables.NowTicks + at, 0, 0), Tables.NowTicks + at, 0, 0);
        var first = Decided(0);
        recorder.Flush();
        sink.IsFull = true;
        Decided(1);
        recorder.Flush();
        sink.IsFull = false;
        recorder.Ended(new(first, Tables.NowTicks + 2, RecordedStatus.Timeout, double.NaN, double.NaN, 0, 0));
        recorder.Flush();
        var ends = new Ends();
        Recordings.Read(sink.Files, ends);
        Assert.AreEqual((first, RecordedStatus.Timeout), (ends.All.Single().Decision, ends.All.Single().Status));
    }

    [TestMethod]
    public void Recorder_SinkWithoutRoom_DropsCountsAndSaysWhatCannotBeReplayed()
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, s_small with { FileBytes = 1 << 30 });
        var (targets, strategy) = (new TargetSet(Tables.Model, Tables.Equal(8)), StrategyCatalog.Create("hybrid_mesh"));
        var table = new RoutingTable(1, [targets], new([Tables.Rule("learns") with { Strategy = strategy }]));
        Decided(100);
        recorder.Flush();
        sink.IsFull = true;
        Decided(50);
        recorder.Flush();
        Assert.AreEqual((150L, 50L), (recorder.Decisions, recorder.Dropped));
        sink.IsFull = false;
        Decided(70);
        recorder.Flush();

        var replay = new DecisionReplay();
        Recordings.Read(sink.Files, replay);
        Assert.AreEqual((100L, 100L), (replay.Replayed, replay.Identical));
        Assert.AreEqual(70, replay.Skipped(Replayable.MemoryUnknown), "What was learned in the gap is not known.");
        Assert.HasCount(2, sink.Files, "What comes after a gap stands alone.");

        // A file that is missing is a gap as well.
        replay = new();
        Recordings.Read(sink.Files.Skip(1), replay);
        Assert.AreEqual((0L, 70L), (replay.Replayed, replay.Skipped(Replayable.MemoryUnknown)));

        void Decided(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var decision = DecisionKernel.Decide(table, Tables.Request(), Tables.NowTicks + i, (ulong)i, (ulong)i);
                recorder.Decided(table, Tables.Request(), decision, Tables.NowTicks + i, (ulong)i, (ulong)i);
            }
        }
    }

    [TestMethod]
    public void Recorder_NeverWrites_PromptsSessionsOrIdsOfRequests()
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, s_small);
        var table = Tables.Table(Tables.Equal(4));
        var request = Tables.Request() with { Session = "session-of-alice", RequestId = "request-of-alice" };
        recorder.Decided(table, request, DecisionKernel.Decide(table, request, Tables.NowTicks, 0, 0), Tables.NowTicks, 0, 0);
        recorder.Flush();
        Assert.DoesNotContain("alice", System.Text.Encoding.UTF8.GetString(sink.Files[0]));
    }

    private static byte[] Whole(out List<int> blocks)
    {
        var sink = new MemorySink();
        var recorder = new DecisionRecorder(sink, s_small with { FileBytes = 1 << 30 });
        Decide(recorder, 300);
        recorder.Flush();
        var file = sink.Files.Single();
        blocks = [];
        for (var at = RecordingFormat.HeaderBytes; at < file.Length; blocks.Add(at)) at += RecordingFormat.BlockHeaderBytes + BitConverter.ToInt32(file, at);
        Assert.IsGreaterThan(5, blocks.Count);
        return file;
    }

    /// <summary>Decides as a silo does, from tables that change, under policies of all kinds, with counters that change; returns a line for each decision.</summary>
    private static List<string> Decide(DecisionRecorder recorder, int count)
    {
        var (random, lines) = (new Decisions(5), new List<string>());
        var local = new Dictionary<string, LocalLoad>(StringComparer.Ordinal);
        var quota = new Quota("few", 3, new());
        var set = Next(random.Set(30));
        var policies = new PolicySet(
        [
            Tables.Rule("strategy", 1) with { Strategy = StrategyCatalog.Create("hybrid_mesh", new Dictionary<string, double> { ["tail_weight"] = 0.5 }) },
            new("near", 2, 5, new(["m"], ["near"], [])) { Placement = PlacementRule.Anywhere with { Zones = ["zone-1", "zone-2"] }, Hedging = new(true, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1), 2, 1, 0.1) },
            new("quota", 3, 5, new([], ["few"], [])) { Quota = quota },
            new("access", 4, 5, new([], ["nobody"], [])) { Access = new(["somebody"], true) },
            new("full", 5, 9, new([], ["full"], [])) { Admission = new(0, 1) { ReservedShare = 0.99 }, Strategy = StrategyCatalog.Create("power_of_two") },
            new("nowhere", 6, 9, new([], ["nowhere"], [])) { Placement = PlacementRule.Anywhere with { Labels = new Dictionary<string, string> { ["pool"] = "none" } } },
        ], null, new Dictionary<string, PlacementRule> { ["bound"] = PlacementRule.Anywhere with { Cells = ["c0"] } });
        string[] tenants = ["", "", "near", "few", "nobody", "full", "nowhere", "bound"];
        var open = new Queue<(long Number, Choice On, long At)>();
        var version = 1L;
        for (var i = 0; i < count; i++)
        {
            if (i % 40 == 39) (set, version) = (i % 120 == 119 ? Next(random.Set(20 + random.Next(20))) : Next(new(set.Model, Changed(set, random))), version + 1);
            var now = Tables.NowTicks + i * TimeSpan.TicksPerMillisecond;
            var request = random.Request() with
            {
                Tenant = tenants[i % tenants.Length],
                Model = i % 50 == 7 ? "unknown" : "m",
                Session = i % 5 == 0 ? $"session-{i % 3}" : "",
                MayQueue = i % 7 == 0,
                MaxTargets = 1 + i % 4,
                ExcludedNodes = i % 11 == 3 ? ["n0001", "n0002"] : [],
                Demand = i % 13 == 5 ? PlacementRule.Anywhere with { Zones = ["zone-0"] } : PlacementRule.Anywhere,
            };
            if (i % 4 == 2) request = request with { Origin = request.Origin with { Place = new("api-1", new([1, 2], 0.5, 0.1), i / 100) } };
            var table = new RoutingTable(version, [set], policies);
            var seed = random.Seed();
            var decision = DecisionKernel.Decide(table, request, now, (ulong)i, seed);
            var number = recorder.Decided(table, request, decision, now, (ulong)i, seed);
            lines.Add($"{number} {decision.Outcome} {request.Model} {request.Tenant} {request.PromptTokens} {request.OutputTokens} {request.PayloadBytes} {version} {string.Join(',', decision.Choices.Select(static c => c.Identity.NodeId + BitConverter.DoubleToInt64Bits(c.Score)))}");
            if (decision.Outcome == DecisionOutcome.Routed)
            {
                var first = decision.Choices[0];
                recorder.Sent(decision.Policy.Strategy, set, request, first.Identity, now);
                (decision.Policy.Strategy as ILearningStrategy)?.Dispatched(set, request, first.Identity, now);
                first.Local.Dispatch(now, first.Terms.PrefillSeconds);
                if (request.Tenant == "few") quota.InFlight.Dispatch(now, 0);
                open.Enqueue((number, first, now));
            }
            if (open.Count <= 20) continue;
            var (done, on, at) = open.Dequeue();
            on.Local.Settle(now);
            if (i % 3 == 0) quota.InFlight.Settle(now);
            var outcome = new Outcome(on.Identity, 100, 50, 1, 2, 0.1, (now - at) / 1e7, i % 9 != 0, now, default) { Model = "m" };
            recorder.Learned(decision.Policy.Strategy, outcome);
            (decision.Policy.Strategy as ILearningStrategy)?.Completed(outcome);
            recorder.Ended(new(done, now, RecordedStatus.Success, 0.1, 1, 100, 50));
        }
        return lines;

        // Counters outlive tables.
        TargetSet Next(TargetSet made) => new(made.Model, Rows(made).Select(r => r with { Local = local.TryGetValue(r.Identity.NodeId, out var known) ? known : local[r.Identity.NodeId] = r.Local }));
    }

    private static IEnumerable<TargetRow> Changed(TargetSet set, Decisions random) => Rows(set).Select((row, i) => i % 3 != 0 ? row : row with
    {
        Running = random.Next(50),
        Waiting = random.Next(5),
        KvCacheUsage = random.Next(100) / 100.0,
        SampledAtTicks = Tables.NowTicks + random.Next(1000),
        Standing = random.Next(10) == 0 ? FilterReason.NodeCordoned : FilterReason.None,
        Place = random.Next(2) == 0 ? null : new NodePlace(new([3, random.Next(5)], 0.2, 0.2), [new("api-1", 1 + random.Next(20))], 1e9),
    });

    private static IEnumerable<TargetRow> Rows(TargetSet set) => Enumerable.Range(0, set.Count).Select(i => new TargetRow
    {
        Identity = set.Identity[i],
        Local = set.Local[i],
        Standing = set.Standing[i],
        Running = set.Running[i],
        Waiting = set.Waiting[i],
        KvCacheUsage = set.KvCacheUsage[i],
        MaxConcurrency = set.MaxConcurrency[i],
        PrefillTokensPerSecond = set.PrefillTokensPerSecond[i],
        DecodeTokensPerSecond = set.DecodeTokensPerSecond[i],
        MinSecondsPerToken = set.MinSecondsPerToken[i],
        RttSeconds = set.RttSeconds[i],
        ColdStartSeconds = set.ColdStartSeconds[i],
        PricePerHour = set.PricePerHour[i],
        SampledAtTicks = set.SampledAtTicks[i],
        Place = set.PlaceOf(i),
    });

    private sealed class Ends : IRecordingVisitor
    {
        public List<RecordedEnd> All { get; } = [];

        public void Decided(in RecordedDecision decision)
        {
        }

        public void Ended(in RecordedEnd end) => All.Add(end);
    }

    private sealed class Seen(DecisionReplay inner) : IRecordingVisitor
    {
        public List<string> Lines { get; } = [];

        public int Ends { get; private set; }

        public void Decided(in RecordedDecision d)
        {
            var picks = new List<string>();
            foreach (var pick in d.Picks) picks.Add(d.Targets.Identity[pick.Target].NodeId + BitConverter.DoubleToInt64Bits(pick.Score));
            Lines.Add($"{d.Number} {d.Result.Outcome} {d.Request.Model} {d.Request.Tenant} {d.Request.PromptTokens} {d.Request.OutputTokens} {d.Request.PayloadBytes} {d.TableVersion} {string.Join(',', picks)}");
            inner.Decided(d);
        }

        public void Sent(IRoutingStrategy strategy, in RankingInput input, int target) => inner.Sent(strategy, input, target);

        public void Learned(IRoutingStrategy strategy, in Outcome outcome) => inner.Learned(strategy, outcome);

        public void Ended(in RecordedEnd end)
        {
            Assert.IsTrue(end.Decision < Lines.Count && Lines[(int)end.Decision].Contains(" Routed ", StringComparison.Ordinal));
            Ends++;
        }
    }
}
