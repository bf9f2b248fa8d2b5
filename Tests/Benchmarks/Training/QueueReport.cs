using System.Globalization;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Jobs;
using InferMesh.Strategies.Training;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Tests.Benchmarks.Training;

/// <summary>What waiting jobs cost: to enter one, to list a page, to make a plan, with a thousand to a hundred thousand of them before 8,192 GPUs that are all held (synthetic).</summary>
internal static class QueueReport
{
    private const int Racks = 64, NodesPerRack = 16, GpusPerNode = 8, Placed = 1024;
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Run()
    {
        Console.WriteLine($"\n### Training: jobs that wait before {Racks * NodesPerRack * GpusPerNode:N0} GPUs, all held by {Placed:N0} jobs (synthetic)\n");
        Console.WriteLine("| jobs that wait | enter one: index | line | page of 100 | plan p50 | plan p99 | places looked for |\n|--:|--:|--:|--:|--:|--:|--:|");
        Measure(500, print: false);
        foreach (var waiting in new[] { 1_000, 10_000, 100_000 }) Measure(waiting, print: true);
    }

    private static void Measure(int waiting, bool print)
    {
        var (catalog, queue) = (new JobCatalog(), new JobQueue());
        for (var i = 0; i < waiting; i++) Enter(i);
        var (index, line) = (0.0, 0.0);
        const int More = 1000;
        for (var i = 0; i < More; i++)
        {
            var (job, training) = (Job(waiting + i), Training(waiting + i));
            index += Time(() => catalog.Put(job));
            line += Time(() => queue.Put(training));
        }
        var after = catalog.List(new() { Limit = waiting / 2 }).Jobs[^1];
        var page = Enumerable.Range(0, 20).Select(_ => Time(() => catalog.List(new() { After = after.Id, AfterSubmitted = after.SubmittedAt.UtcTicks }))).Order().ElementAt(10);
        var input = Input();
        var plans = Enumerable.Range(0, 60).Select(i =>
        {
            SchedulerPlan? plan = null;
            var took = Time(() => plan = TrainingScheduler.Plan(queue, input with { Now = Start.AddSeconds(i) }));
            return (Took: took, plan!.Searches);
        }).Skip(10).OrderBy(static p => p.Took).ToArray();
        if (!print) return;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {waiting:N0} | {index / More * 1e3:0.0} us | {line / More * 1e3:0.0} us | {page:0.00} ms | {plans[plans.Length / 2].Took:0.0} ms | {plans[^1].Took:0.0} ms | {plans[^1].Searches} |"));

        void Enter(int i)
        {
            catalog.Put(Job(i));
            queue.Put(Training(i));
        }
    }

    private static double Time(Action act)
    {
        var started = TimeProvider.System.GetTimestamp();
        act();
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }

    private static SchedulerInput Input()
    {
        TrainingNode[] nodes = [.. from r in Enumerable.Range(0, Racks) from n in Enumerable.Range(0, NodesPerRack) select new TrainingNode
        {
            Id = $"n{r:00}-{n:00}", Region = "eu", Zone = $"z{r / 16}", Cell = $"c{r / 16}", Rack = $"r{r:00}", GpuType = "H100-80G", Gpus = GpusPerNode, FreeGpus = 0, BytesPerGpu = 80L << 30,
        }];
        return new()
        {
            Now = Start,
            Nodes = nodes,
            Placed = [.. Enumerable.Range(0, Placed).Select(i => new PlacedJob
            {
                Job = Training(-i - 1) with { Gang = new() { Workers = 1, GpusPerWorker = GpusPerNode } }, Groups = [new(nodes[i].Id, 1)], Since = Start.AddHours(-1), StartedAt = Start.AddMinutes(-i),
            })],
        };
    }

    private static MeshJob Job(int i) => new() { Id = $"j-{i:0000000}", Version = 1, Spec = new() { Name = "job", Tenant = $"t{i % 50}", Workers = 1 + (i % 64) }, SubmittedAt = Start.AddSeconds(i) };

    private static TrainingJob Training(int i) => new()
    {
        Id = $"j-{i:0000000}",
        Tenant = $"t{Math.Abs(i) % 50}",
        Priority = 100,
        SubmittedAt = Start.AddSeconds(i),
        Gang = new() { Workers = 1 + (Math.Abs(i) % 64), GpusPerWorker = 1 + (Math.Abs(i) % 8) },
    };
}
