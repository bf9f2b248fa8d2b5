using System.Globalization;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Configuration.Yaml;
using InferMesh.Simulator.Training;
using InferMesh.Strategies.Training;

namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>What must fit together in a simulation of jobs: above all, that each of them can run at all.</summary>
internal static class JobChecks
{
    private const int MostNodes = 65_536;

    public static void Check(JobsConfig config, IStrategySource? others, Findings findings)
    {
        Strategies(config.Strategies, others, findings);
        var fleet = config.Fleet;
        var nodes = (long)fleet.Zones * fleet.RacksPerZone * fleet.NodesPerRack;
        findings.Require(nodes <= MostNodes, "fleet.nodes_per_rack", $"makes {nodes} nodes; at most {MostNodes} are simulated");
        findings.Require(fleet.GpuTypes.Count > 0, "fleet.gpu_types", $"must name at least one GPU type");
        Once(fleet.GpuTypes.Select(static t => t.Name), "fleet.gpu_types", ".name", findings);
        Once(fleet.Links.Select(static l => ConfigShape.NameOf(l.Level.ToString())), "fleet.links", ".level", findings);
        Once(config.Tenants.Select(static t => t.Name), "tenants", ".name", findings);
        Once(config.Jobs.Kinds.Select(static k => k.Name), "jobs.kinds", ".name", findings);
        findings.Require(config.Serving.NodesPerRack < fleet.NodesPerRack, "serving.nodes_per_rack", $"is {config.Serving.NodesPerRack} of {fleet.NodesPerRack}; some nodes must be training's own");
        findings.Require(config.Serving.Low <= config.Serving.Peak, "serving.peak", $"is {config.Serving.Peak}; it must not be below low {config.Serving.Low}");
        findings.Require(config.Jobs.Kinds.Count > 0, "jobs.kinds", $"must name at least one kind of job");
        findings.Require(config.Failures.MeanTimeBetweenS is 0 or >= 60, "failures.mean_time_between_s", $"is {config.Failures.MeanTimeBetweenS}; it must be 0 or at least 60");
        findings.Require(config.SlowLinks.MeanTimeBetweenS is 0 or >= 1, "slow_links.mean_time_between_s", $"is {config.SlowLinks.MeanTimeBetweenS}; it must be 0 or at least 1");
        for (var i = 0; i < config.Jobs.Kinds.Count; i++) Kind(config, i, findings);
        if (findings.Errors.Count > 0) return;
        Room(config, findings);
    }

    /// <summary>The strategies against the catalogue and what there is beside it.</summary>
    private static void Strategies(IReadOnlyList<string> names, IStrategySource? others, Findings findings)
    {
        string[] known = [.. TrainingCatalog.All.Concat(others?.Training ?? []).Select(static s => s.Name)];
        for (var i = 0; i < names.Count; i++)
        {
            var (path, name) = (string.Create(CultureInfo.InvariantCulture, $"strategies[{i}]"), names[i]);
            if (names.Take(i).Contains(name)) findings.Add(path, $"'{name}' is listed twice");
            if (!known.Contains(name)) findings.Add(path, $"'{name}' is not a strategy for training{(Suggestion.For(name, known) is { } near ? $"; did you mean '{near}'?" : $"; there are {string.Join(", ", known)}")}");
        }
    }

    private static void Once(IEnumerable<string> names, string path, string key, Findings findings)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, name) in names.Index())
        {
            if (!seen.Add(name)) findings.Add(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]{key}"), $"'{name}' is listed twice");
        }
    }

    private static void Kind(JobsConfig config, int index, Findings findings)
    {
        var (kind, path) = (config.Jobs.Kinds[index], string.Create(CultureInfo.InvariantCulture, $"jobs.kinds[{index}]"));
        WorkloadChecks.Dist(kind.Workers, $"{path}.workers", findings);
        WorkloadChecks.Dist(kind.Work, $"{path}.work", findings);
        WorkloadChecks.Dist(kind.Priority, $"{path}.priority", findings);
        string[] known = [.. config.Fleet.GpuTypes.Select(static t => t.Name)];
        for (var i = 0; i < kind.GpuTypes.Count; i++)
        {
            if (!known.Contains(kind.GpuTypes[i])) findings.Add(string.Create(CultureInfo.InvariantCulture, $"{path}.gpu_types[{i}]"), $"the fleet has no '{kind.GpuTypes[i]}'; it has {string.Join(", ", known)}");
        }
    }

    /// <summary>Every job fits on nodes that are training's own, and in the quota of its tenant.</summary>
    private static void Room(JobsConfig config, Findings findings)
    {
        var trace = config.Jobs.Arrival.Type == JobArrivalType.Trace;
        if (trace) FileCheck.Check(config.Jobs.Arrival.File, "jobs.arrival.file", findings, file => Trace(config, file));
        for (var i = 0; i < config.Jobs.Kinds.Count && !trace; i++)
        {
            var kind = config.Jobs.Kinds[i];
            var most = JobDraws.MostWorkers(kind);
            var path = string.Create(CultureInfo.InvariantCulture, $"jobs.kinds[{i}]");
            if (Problem(config, new(most, JobDraws.LeastWorkers(kind, most, elastic: kind.ElasticShare >= 1), kind.GpusPerWorker, kind.GpuTypes, kind.MemoryGb)) is { } problem) findings.Add($"{path}.workers", problem);
            for (var t = 0; t < config.Tenants.Count; t++)
            {
                if (config.Tenants[t].MaxGpus is { } max && max < (long)most * kind.GpusPerWorker)
                    findings.Add(string.Create(CultureInfo.InvariantCulture, $"tenants[{t}].max_gpus"), string.Create(CultureInfo.InvariantCulture, $"is {max}; jobs of kind {kind.Name} have up to {(long)most * kind.GpusPerWorker} GPUs, and would wait for ever"));
            }
        }
    }

    private static string? Trace(JobsConfig config, string file)
    {
        var jobs = JobTrace.Load(file, config);
        foreach (var job in jobs)
        {
            var least = job.LeastWorkers > 0 ? job.LeastWorkers : job.Workers;
            if (Problem(config, new(job.Workers, job.LeastWorkers, job.GpusPerWorker, job.GpuTypes, job.MemoryGb)) is { } problem) return $"job {job.Id}: {problem}";
            if (config.Tenants.FirstOrDefault(t => t.Name == job.Tenant)?.MaxGpus is { } max && max < (long)least * job.GpusPerWorker)
                return string.Create(CultureInfo.InvariantCulture, $"job {job.Id}: its tenant may have {max} GPUs at once, and it would wait for ever");
        }
        return null;
    }

    private static string? Problem(JobsConfig config, JobRoom room)
    {
        var fits = JobFleet.FitsAlone(config, room);
        return fits ? null : string.Create(CultureInfo.InvariantCulture, $"{room.Workers} workers of {room.GpusPerWorker} GPUs do not fit on the nodes that are training's own, and would wait for ever");
    }
}
