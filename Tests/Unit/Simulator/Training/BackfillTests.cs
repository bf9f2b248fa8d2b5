using InferMesh.Simulator.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Tests.Unit.Simulator.Training;

/// <summary>What room is kept for is not delayed by what goes before it.</summary>
[TestClass]
public sealed class BackfillTests
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public void Plan_ExactEstimates_KeepsWhatItFirstPromised()
    {
        var (kept, backfilled) = (0, 0);
        for (var round = 0; round < 60; round++)
        {
            var random = new Random(round);
            var config = TrainingWorlds.Fleet(random.Next(2, 5), racks: random.Next(1, 4)) with { Scheduler = new() { ConsolidateAfterS = 1e9, SettledAfterS = 1e9 } };
            var most = config.Fleet.NodesPerRack * config.Fleet.RacksPerZone;
            // Jobs of no gradients: where they are does not matter, so that what their owner says is what it takes.
            JobSpec[] jobs = [.. Enumerable.Range(0, 60).Select(i => random.Next(3) == 0
                ? TrainingWorlds.Job($"j{i:00}", random.Next(1, most + 1), random.Next(100, 3000), at: random.Next(4000), gpus: 8)
                : TrainingWorlds.Job($"j{i:00}", random.Next(1, 9), random.Next(100, 3000), at: random.Next(4000)))];
            var promised = new Dictionary<string, double>();
            var run = new TrainingRun(config, jobs, 1, TrainingCatalog.All[round % 5].Name, default)
            {
                Planned = (_, plan) =>
                {
                    if (plan.Reservation is { } room) promised.TryAdd(room.Job.Id, (room.At - Epoch).TotalSeconds);
                },
            };
            var result = run.Run()!;
            foreach (var (id, at) in promised)
            {
                Assert.IsLessThanOrEqualTo(at + 1e-6, result.Of(id).StartedSeconds, $"round {round}, {result.Strategy}, {id}");
                kept++;
            }
            backfilled += result.Jobs.Count(static j => j.Backfilled);
        }
        Assert.IsGreaterThan(500, kept);
        Assert.IsGreaterThan(200, backfilled);
    }
}
