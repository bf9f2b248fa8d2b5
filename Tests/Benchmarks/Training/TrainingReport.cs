using System.Globalization;
using InferMesh.Strategies.Topology;
using InferMesh.Strategies.Training;

namespace InferMesh.Tests.Benchmarks.Training;

/// <summary>
/// A thousand jobs, one after the other, on 8,192 GPUs (synthetic) at about 80 % load: four zones of sixteen racks of sixteen nodes of eight GPUs. Each strategy gets the same jobs; whoever
/// is there longest leaves until there is room.
/// </summary>
internal static class TrainingReport
{
    private const int Zones = 4, Racks = 16, NodesPerRack = 16, GpusPerNode = 8, Jobs = 1000;
    private const double Load = 0.8;
    private const double GradientBytes = 2e9;
    private const double ComputeSeconds = 0.1;

    public static void Run()
    {
        Console.WriteLine($"\n### Training: {Jobs:N0} jobs on {Zones * Racks * NodesPerRack * GpusPerNode:N0} GPUs in {Zones} zones of {Racks} racks at {Load:P0} load (synthetic)\n");
        Console.WriteLine("| strategy | decision p50 | p99 | most | mean step time, of spread | fragments, of spread | edges between racks | between zones |\n|---|--:|--:|--:|--:|--:|--:|--:|");
        var spread = Measure("spread");
        foreach (var name in new[] { "spread" }.Concat(TrainingCatalog.All.Select(static s => s.Name).Where(static n => n != "spread")))
        {
            var (times, step, fragments, racks, zones) = name == "spread" ? spread : Measure(name);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {name} | {At(times, 0.5):0.00} ms | {At(times, 0.99):0.00} ms | {times.Max():0.00} ms | {step / spread.Step:0.00} | {fragments / spread.Fragments:0.00} | {racks:0.0} | {zones:0.00} |"));
        }
    }

    private static (List<double> Times, double Step, double Fragments, double Racks, double Zones) Measure(string name)
    {
        Once(name, 60);
        return Once(name, Jobs);
    }

    private static (List<double> Times, double Step, double Fragments, double Racks, double Zones) Once(string name, int jobs)
    {
        var random = new Random(7);
        var strategy = TrainingCatalog.Create(name);
        TrainingNode[] nodes = [.. from z in Enumerable.Range(0, Zones) from r in Enumerable.Range(0, Racks) from n in Enumerable.Range(0, NodesPerRack) select Node(z, r, n)];
        var at = nodes.Select(static (n, i) => (n.Id, i)).ToDictionary(static n => n.Id, static n => n.i, StringComparer.Ordinal);
        var running = new LinkedList<(GangPlacement Placement, int Gpus)>();
        var (free, total) = (nodes.Sum(static n => n.FreeGpus), nodes.Sum(static n => n.Gpus));
        var times = new List<double>();
        double step = 0, fragments = 0, racks = 0, zones = 0;
        for (var job = 0; job < jobs; job++)
        {
            // From one GPU to 512, small ones more often; half of them in workers of a whole node.
            var gpus = 1 << random.Next(random.Next(1, 10) + 1);
            var perWorker = gpus >= GpusPerNode && random.Next(2) == 0 ? GpusPerNode : 1;
            var gang = new Gang { Workers = gpus / perWorker, GpusPerWorker = perWorker };
            while (total - free + gpus > Load * total && running.Count > 0) Leave();
            var started = TimeProvider.System.GetTimestamp();
            var placement = strategy.Place(gang, nodes);
            times.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            while (placement.Failure != PlacementFailure.None && running.Count > 0)
            {
                Leave();
                placement = strategy.Place(gang, nodes);
            }
            Hold(placement, -perWorker);
            running.AddLast((placement, perWorker));
            step += StepSeconds(placement, perWorker);
            racks += placement.CrossEdges[TopologyLevel.Rack];
            zones += placement.CrossEdges[TopologyLevel.Zone];
            // What is free beside others on a node is no use to a worker that wants a whole one.
            fragments += nodes.Sum(static n => n.FreeGpus < n.Gpus ? n.FreeGpus : 0) / (double)Math.Max(1, free);
        }
        return (times, step / jobs, fragments / jobs, racks / jobs, zones / jobs);

        void Leave()
        {
            var (placement, gpus) = running.First!.Value;
            running.RemoveFirst();
            Hold(placement, gpus);
        }

        void Hold(GangPlacement placement, int gpus)
        {
            foreach (var (id, workers) in placement.Groups)
            {
                nodes[at[id]] = nodes[at[id]] with { FreeGpus = nodes[at[id]].FreeGpus + gpus * workers };
                free += gpus * workers;
            }
        }
    }

    /// <summary>A step computes, and then reduces its gradients over the slowest link that the ring crosses, which the ranks of a node share.</summary>
    private static double StepSeconds(GangPlacement placement, int gpusPerWorker)
    {
        var widest = placement.Groups.Max(static g => g.Workers) * gpusPerWorker;
        var link = LinkClasses.Of(
            placement.CrossEdges[TopologyLevel.Zone] > 0 ? LinkClass.Region : placement.CrossEdges[TopologyLevel.Rack] > 0 ? LinkClass.Zone : LinkClass.Rack);
        var within = LinkClasses.Of(LinkClass.NvLink);
        var links = new CollectiveLinks(new(within.RttSeconds / 2, 1 / within.BytesPerSecond), new(link.RttSeconds / 2, 1 / link.BytesPerSecond));
        var plan = new[] { CollectiveAlgorithm.Ring, CollectiveAlgorithm.Tree }.Min(a => CollectivePlanner.Seconds(a, placement.Groups.Count, widest, GradientBytes, links));
        return ComputeSeconds + plan;
    }

    private static TrainingNode Node(int zone, int rack, int node) => new()
    {
        Id = string.Create(CultureInfo.InvariantCulture, $"n{zone}-{rack:00}-{node:00}"),
        Region = "eu",
        Zone = $"z{zone}",
        Cell = $"z{zone}-c",
        Rack = $"z{zone}-r{rack}",
        GpuType = "H100-80G",
        FreeGpus = GpusPerNode,
        Gpus = GpusPerNode,
        BytesPerGpu = 80L << 30,
    };

    private static double At(List<double> times, double share) => times.Order().ElementAt((int)(share * (times.Count - 1)));
}
