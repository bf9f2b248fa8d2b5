using InferMesh.Simulator.Configuration.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Simulator.Training;

/// <summary>How long a step takes: computing at the pace of the slowest GPU, and the exchange over the links of the place (<see cref="CollectiveHints"/>).</summary>
internal sealed class StepTimes
{
    // Whichever of them is fastest on an empty fleet is the best place that there is.
    private static readonly string[] Best = ["topology_balanced", "topology_best_fit", "throughput_aware"];

    private readonly JobFleet _fleet;
    private readonly CollectiveFabric _fabric;
    private readonly TrainingNode[] _empty;
    private readonly JobGpuConfig[] _types;
    private readonly Dictionary<(int Workers, int Gpus, string Types, double Memory, double Compute, double Bytes), double> _best = [];

    public StepTimes(JobsConfig config, JobFleet fleet)
    {
        (_fleet, _types) = (fleet, [.. config.Fleet.GpuTypes]);
        _empty = [.. fleet.Nodes.Select(static n => n with { FreeGpus = n.Gpus })];
        var between = new Dictionary<TopologyLevel, AlphaBeta>(CollectiveFabric.Unmeasured.Between);
        var within = CollectiveFabric.Unmeasured.Within;
        foreach (var link in config.Fleet.Links)
        {
            var time = new AlphaBeta(link.LatencyS, 1 / link.BytesPerSecond);
            if (link.Level == JobLinkLevel.Gpu) within = time;
            else between[LevelOf(link.Level)] = time;
        }
        _fabric = new(within, between);
    }

    /// <summary>Seconds of a step.</summary>
    /// <param name="job">The job.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="slow">How much longer a byte takes between its nodes than when its links are well.</param>
    public double Seconds(JobSpec job, GangPlacement place, double slow)
    {
        var pace = place.Groups.Min(g => _fleet.GpuTypes[_fleet.Nodes[_fleet.IndexOf(g.Node)].GpuType].Pace);
        // Who has nothing to reduce does not even meet the others.
        if (job.GradientBytes == 0) return job.ComputeSeconds / pace;
        var fabric = slow > 1 ? _fabric with { Between = _fabric.Between.ToDictionary(static l => l.Key, l => l.Value with { SecondsPerByte = l.Value.SecondsPerByte * slow }) } : _fabric;
        return CollectiveHints.For(place, new(job.GpusPerWorker, job.ComputeSeconds / pace, job.GradientBytes), fabric).StepSeconds;
    }

    /// <summary>Seconds of a step of so many workers in the best place of an empty fleet, all links well; null when there is none.</summary>
    public double? BestSeconds(JobSpec job, int workers)
    {
        var key = (workers, job.GpusPerWorker, string.Join(',', job.GpuTypes), job.MemoryGb, job.ComputeSeconds, job.GradientBytes);
        if (!_best.TryGetValue(key, out var best))
        {
            var gang = JobFleet.GangOf(new(workers, 0, job.GpusPerWorker, job.GpuTypes, job.MemoryGb), _types);
            _best[key] = best = Best.Select(name => TrainingCatalog.Create(name).Place(gang, _empty)).Where(static p => p.Failure == PlacementFailure.None)
                .Select(p => Seconds(job, p, 1)).DefaultIfEmpty(double.NaN).Min();
        }
        return double.IsNaN(best) ? null : best;
    }

    /// <summary>Seconds that the whole of a job takes with the workers that it should have, in the best place.</summary>
    public double IdealSeconds(JobSpec job) => job.Work / job.Workers * (BestSeconds(job, job.Workers) ?? job.ComputeSeconds);

    private static TopologyLevel LevelOf(JobLinkLevel level) => level switch
    {
        JobLinkLevel.Zone => TopologyLevel.Zone,
        JobLinkLevel.Rack => TopologyLevel.Rack,
        _ => TopologyLevel.NvlinkIsland,
    };
}
