using Google.Protobuf.WellKnownTypes;
using Domain = InferMesh.Grains.Abstractions.Jobs;
using Proto = InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

/// <summary>What is submitted, between the wire and the contracts. What a message leaves out gets its default.</summary>
internal static class JobSpecMapper
{
    private const int Shift = 1;

    // From the year 1 to the end of the year 9999, as the wire format has it.
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;
    private const int NanosPerSecond = 1_000_000_000;

    private static readonly Domain.JobSpec Defaults = new() { Name = "" };

    public static Proto.JobDomain ToProto(Domain.JobDomain domain) => (Proto.JobDomain)((int)domain + Shift);

    /// <summary>Whether a time is one; a message may carry any two numbers.</summary>
    public static bool IsTime(Timestamp time) => time.Seconds is >= FirstSecond and <= LastSecond && time.Nanos is >= 0 and < NanosPerSecond;

    public static Domain.JobSpec ToDomain(Proto.JobSpec spec) => new()
    {
        Name = spec.Name,
        Tenant = spec.Tenant.Length == 0 ? Defaults.Tenant : spec.Tenant,
        Project = spec.Project,
        Priority = spec.HasPriority ? spec.Priority : Defaults.Priority,
        Workers = spec.HasWorkers ? spec.Workers : Defaults.Workers,
        GpusPerWorker = spec.HasGpusPerWorker ? spec.GpusPerWorker : Defaults.GpusPerWorker,
        MinWorkers = spec.MinWorkers,
        MaxWorkers = spec.MaxWorkers,
        Parallelism = spec.Parallelism is { } p ? new(p.Data, OneIfNone(p.Tensor), OneIfNone(p.Pipeline), OneIfNone(p.Expert)) : Defaults.Parallelism,
        GpuTypes = spec.GpuTypes.ToDictionary(),
        GpuMemoryBytes = spec.GpuMemoryBytes,
        MigProfile = spec.MigProfile,
        RequiredDomain = ToDomain(spec.RequiredDomain),
        PreferredDomain = ToDomain(spec.PreferredDomain),
        Strategy = spec.Strategy,
        Preemptible = !spec.HasPreemptible || spec.Preemptible,
        Dataset = spec.Dataset,
        CheckpointTo = spec.CheckpointTo,
        CheckpointEverySeconds = spec.CheckpointEverySeconds,
        GraceSeconds = spec.HasGraceSeconds ? spec.GraceSeconds : Defaults.GraceSeconds,
        Deadline = spec.Deadline is { } deadline && IsTime(deadline) ? deadline.ToDateTimeOffset() : null,
        BudgetGpuHours = spec.HasBudgetGpuHours ? spec.BudgetGpuHours : null,
        ExpectedSeconds = spec.HasExpectedSeconds ? spec.ExpectedSeconds : null,
        Image = spec.Image,
        Command = [.. spec.Command],
        Environment = spec.Environment.ToDictionary(),
        MaxRestarts = spec.HasMaxRestarts ? spec.MaxRestarts : Defaults.MaxRestarts,
        StepComputeSeconds = spec.HasStepComputeSeconds ? spec.StepComputeSeconds : null,
        GradientBytes = spec.HasGradientBytes ? spec.GradientBytes : null,
    };

    public static Proto.JobSpec ToProto(Domain.JobSpec spec)
    {
        var proto = new Proto.JobSpec
        {
            Name = spec.Name,
            Tenant = spec.Tenant,
            Project = spec.Project,
            Priority = spec.Priority,
            Workers = spec.Workers,
            GpusPerWorker = spec.GpusPerWorker,
            MinWorkers = spec.MinWorkers,
            MaxWorkers = spec.MaxWorkers,
            Parallelism = new() { Data = spec.Parallelism.Data, Tensor = spec.Parallelism.Tensor, Pipeline = spec.Parallelism.Pipeline, Expert = spec.Parallelism.Expert },
            GpuTypes = { spec.GpuTypes.ToDictionary() },
            GpuMemoryBytes = spec.GpuMemoryBytes,
            MigProfile = spec.MigProfile,
            RequiredDomain = ToProto(spec.RequiredDomain),
            PreferredDomain = ToProto(spec.PreferredDomain),
            Strategy = spec.Strategy,
            Preemptible = spec.Preemptible,
            Dataset = spec.Dataset,
            CheckpointTo = spec.CheckpointTo,
            CheckpointEverySeconds = spec.CheckpointEverySeconds,
            GraceSeconds = spec.GraceSeconds,
            Deadline = spec.Deadline is { } deadline ? Timestamp.FromDateTimeOffset(deadline) : null,
            Image = spec.Image,
            Command = { spec.Command },
            Environment = { spec.Environment.ToDictionary() },
            MaxRestarts = spec.MaxRestarts,
        };
        if (spec.BudgetGpuHours is { } budget) proto.BudgetGpuHours = budget;
        if (spec.ExpectedSeconds is { } expected) proto.ExpectedSeconds = expected;
        if (spec.StepComputeSeconds is { } compute) proto.StepComputeSeconds = compute;
        if (spec.GradientBytes is { } bytes) proto.GradientBytes = bytes;
        return proto;
    }

    private static Domain.JobDomain? ToDomain(Proto.JobDomain domain) => domain == Proto.JobDomain.Unspecified ? null : (Domain.JobDomain)((int)domain - Shift);

    private static Proto.JobDomain ToProto(Domain.JobDomain? domain) => domain is { } level ? ToProto(level) : Proto.JobDomain.Unspecified;

    private static int OneIfNone(int degree) => degree == 0 ? 1 : degree;
}
