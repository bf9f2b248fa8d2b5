using System.Globalization;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Configuration.Training;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Workload;

namespace InferMesh.Simulator.Training;

/// <summary>Draws the jobs of a run: by seed alone, so that every strategy meets the same ones.</summary>
internal static class JobDraws
{
    private const ulong Arrivals = 4_000, Kinds = 4_001, Tenants = 4_002, Sizes = 4_003, Estimates = 4_004;

    public static IReadOnlyList<JobSpec> Draw(JobsConfig config, ulong seed)
    {
        var estimates = new RandomStream(seed, Estimates);
        var jobs = config.Jobs.Arrival.Type == JobArrivalType.Trace ? JobTrace.Load(ConfigFile.Resolve(config.Jobs.Arrival.File!)!, config) : Drawn(config, seed);
        return [.. jobs.Select(job => job.EstimateSeconds is null ? job with { EstimateFactor = Estimate(config.Estimates, estimates) } : job)];
    }

    /// <summary>Most workers that a kind draws.</summary>
    public static int MostWorkers(JobKindConfig kind)
    {
        var most = kind.Workers.Dist switch
        {
            DistKind.Constant => kind.Workers.Value,
            DistKind.Uniform => kind.Workers.Max,
            DistKind.Discrete => kind.Workers.Cases.Where(static c => c.Probability > 0).Max(static c => c.Value),
            _ => double.PositiveInfinity,
        };
        return (int)Math.Clamp(Math.Round(most), 1, kind.WorkersLimit);
    }

    /// <summary>Least workers of a job; 0 means all.</summary>
    public static int LeastWorkers(JobKindConfig kind, int workers, bool elastic) => elastic ? Math.Max(1, (int)Math.Ceiling((workers * kind.ElasticLeast) - 1e-9)) : 0;

    private static List<JobSpec> Drawn(JobsConfig config, ulong seed)
    {
        var (arrivals, kinds, tenants, sizes) = (new RandomStream(seed, Arrivals), new RandomStream(seed, Kinds), new RandomStream(seed, Tenants), new RandomStream(seed, Sizes));
        var load = config.Jobs;
        var ofKind = new Shares([.. load.Kinds.Select(static k => k.Share)]);
        var ofTenant = config.Tenants.Count > 0 ? new Shares([.. config.Tenants.Select(static t => t.Share)]) : null;
        var samplers = load.Kinds.Select(static k => (Workers: new Sampler(k.Workers), Work: new Sampler(k.Work), Priority: new Sampler(k.Priority))).ToArray();
        var jobs = new List<JobSpec>(load.Count);
        var at = 0.0;
        for (var i = 0; i < load.Count; i++)
        {
            if (load.Arrival.Type == JobArrivalType.Poisson) at += arrivals.NextExponential(3600 / load.Arrival.PerHour);
            var index = ofKind.Pick(kinds);
            var kind = load.Kinds[index];
            var workers = (int)Math.Clamp(Math.Round(samplers[index].Workers.Draw(sizes)), 1, kind.WorkersLimit);
            var elastic = sizes.NextUnit() < kind.ElasticShare;
            var amount = samplers[index].Work.Draw(sizes);
            jobs.Add(Of(kind, workers, amount, kind.WorkUnit) with
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"job-{i:00000}"),
                Tenant = ofTenant is null ? "" : config.Tenants[ofTenant.Pick(tenants)].Name,
                SubmittedAt = Ticks.Of(at),
                LeastWorkers = LeastWorkers(kind, workers, elastic),
                MostWorkers = elastic ? Math.Max(workers, (int)Math.Floor((workers * kind.ElasticMost) + 1e-9)) : 0,
                Priority = (int)Math.Clamp(Math.Round(samplers[index].Priority.Draw(sizes)), 0, 1e6),
                Preemptible = sizes.NextUnit() < kind.PreemptibleShare,
            });
        }
        return jobs;
    }

    /// <summary>A job of a kind with so many workers and so much to do.</summary>
    public static JobSpec Of(JobKindConfig kind, int workers, double amount, JobWorkUnit unit) => new()
    {
        Id = "",
        Kind = kind.Name,
        Workers = workers,
        GpusPerWorker = kind.GpusPerWorker,
        GpuTypes = kind.GpuTypes,
        MemoryGb = kind.MemoryGb,
        Work = WorkOf(amount, unit, workers, kind.GpusPerWorker, kind.StepComputeS),
        ComputeSeconds = kind.StepComputeS,
        GradientBytes = kind.GradientBytes,
        CheckpointEvery = Ticks.Of(kind.CheckpointS),
        SaveTicks = Ticks.Of(kind.SaveS),
        StartTicks = Ticks.Of(kind.StartS),
        RestartTicks = Ticks.Of(kind.RestartS),
    };

    /// <summary>Steps of one worker each.</summary>
    public static double WorkOf(double amount, JobWorkUnit unit, int workers, int gpusPerWorker, double stepSeconds) =>
        Math.Max(1, unit == JobWorkUnit.Steps ? amount * workers : amount / (gpusPerWorker * stepSeconds));

    private static double? Estimate(JobEstimatesConfig config, RandomStream random)
    {
        var (known, factor) = (random.NextUnit() < config.KnownShare, Math.Exp(config.Sigma * random.NextNormal()));
        return known ? factor : null;
    }
}
