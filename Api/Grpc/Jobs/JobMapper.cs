using Google.Protobuf.WellKnownTypes;
using InferMesh.Api.Endpoints.Jobs;
using Domain = InferMesh.Grains.Abstractions.Jobs;
using Proto = InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

/// <summary>Jobs as the contracts have them, on the wire.</summary>
internal static class JobMapper
{
    /// <summary>The wire has an "unspecified" before the first value of each enumeration.</summary>
    private const int Shift = 1;

    public static Domain.JobState ToDomain(Proto.JobState state) => (Domain.JobState)((int)state - Shift);

    public static Proto.JobState ToProto(Domain.JobState state) => (Proto.JobState)((int)state + Shift);

    public static Proto.Job ToProto(Domain.MeshJob job) => new()
    {
        Id = job.Id,
        Version = job.Version,
        Spec = JobSpecMapper.ToProto(job.Spec),
        State = ToProto(job.State),
        Reason = job.Reason,
        Since = Timestamp.FromDateTimeOffset(job.Since),
        SubmittedAt = Timestamp.FromDateTimeOffset(job.SubmittedAt),
        SubmittedBy = job.SubmittedBy,
        StartedAt = Time(job.StartedAt),
        EndedAt = Time(job.EndedAt),
        DesiredWorkers = job.DesiredWorkers,
        Placement = ToProto(job.Placement),
        Fence = job.Fence,
        Progress = ToProto(job.Progress),
        Avoid = { job.Avoid.ToDictionary(a => a.Key, a => Timestamp.FromDateTimeOffset(a.Value)) },
        LostNodes = { job.LostNodes },
        Stop = ToProto(job.Stop),
    };

    public static Proto.JobEvent ToProto(Domain.JobEvent happened) => new()
    {
        Sequence = happened.Sequence,
        At = Timestamp.FromDateTimeOffset(happened.At),
        State = ToProto(happened.State),
        Kind = happened.Kind,
        Reason = happened.Reason,
        Actor = happened.Actor,
        Fence = happened.Fence,
        Data = { happened.Data.ToDictionary() },
    };

    public static Proto.JobPreview ToProto(Domain.JobPreview preview) => new()
    {
        Verdict = preview.Verdict,
        Reason = preview.Reason,
        Placement = ToProto(preview.Placement),
        Preempts = { preview.Preempts },
    };

    /// <summary>Of a job that the scheduler has nothing to do with: it has ended, or is only just there.</summary>
    public static Proto.JobExplanation Unplanned(Domain.MeshJob job) => new() { JobId = job.Id, State = ToProto(job.State), Reason = job.Reason };

    public static Proto.JobExplanation ToProto(Domain.JobExplanation explanation)
    {
        var proto = new Proto.JobExplanation
        {
            JobId = explanation.Job,
            State = ToProto(explanation.State),
            Reason = explanation.Reason,
            ExpectedStart = Time(explanation.ExpectedStart),
            GpusNeeded = explanation.GpusNeeded,
            GpusSuitable = explanation.GpusSuitable,
            GpusFree = explanation.GpusFree,
            TenantUsage = explanation.TenantUsage,
        };
        if (explanation.Position is { } position) proto.Position = position;
        foreach (var (strategy, cost) in explanation.Alternatives.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            var alternative = new Proto.JobAlternative { Strategy = strategy };
            if (cost >= 0) alternative.RingNsPerByte = cost;
            proto.Alternatives.Add(alternative);
        }
        return proto;
    }

    private static Proto.JobPlacement? ToProto(Domain.JobPlacement? placement) => placement is null ? null : new()
    {
        Fence = placement.Fence,
        Claim = placement.Claim,
        Groups = { JobGroupView.Of(placement.Groups).Select(ToProto) },
        Strategy = placement.Strategy,
        CrossEdges = { placement.CrossEdges.OrderBy(e => e.Key).Select(e => new Proto.JobCrossEdges { Domain = JobSpecMapper.ToProto(e.Key), Edges = e.Value }) },
        RingNsPerByte = placement.RingNsPerByte,
        Hint = ToProto(placement.Hint),
        Why = placement.Why,
    };

    private static Proto.JobWorkers ToProto(JobGroupView group) => new()
    {
        NodeId = group.Node,
        Cell = group.Cell,
        Workers = group.Workers,
        Gpus = { group.Gpus },
        Lent = group.Lent,
        FirstRank = group.FirstRank,
    };

    private static Proto.JobHint? ToProto(Domain.JobHint? hint)
    {
        if (hint is null) return null;
        var proto = new Proto.JobHint
        {
            Revision = hint.Revision,
            Environment = { hint.Environment.ToDictionary() },
            Collectives = { hint.Collectives.Select(c => new Proto.JobCollective { FromBytes = c.FromBytes, Algorithm = c.Algorithm }) },
            Compress = hint.Compress,
            ComputeSeconds = hint.ComputeSeconds,
            ExchangeSeconds = hint.ExchangeSeconds,
        };
        if (hint.FusionBytes is { } fusion) proto.FusionBytes = fusion;
        return proto;
    }

    private static Proto.JobProgress ToProto(Domain.JobProgress progress)
    {
        var proto = new Proto.JobProgress
        {
            Step = progress.Step,
            CheckpointRef = progress.CheckpointRef,
            CheckpointAt = Time(progress.CheckpointAt),
            Restarts = progress.Restarts,
            GpuSeconds = progress.GpuSeconds,
        };
        if (progress.StepSeconds is { } seconds) proto.StepSeconds = seconds;
        if (progress.CheckpointStep is { } step) proto.CheckpointStep = step;
        return proto;
    }

    private static Proto.JobStop? ToProto(Domain.JobStop? stop) => stop is null ? null : new()
    {
        Goal = (Proto.JobGoal)((int)stop.Goal + Shift),
        Next = ToProto(stop.Next),
        By = Timestamp.FromDateTimeOffset(stop.By),
        Checkpoint = stop.Checkpoint,
        Reason = stop.Reason,
    };

    private static Timestamp? Time(DateTimeOffset? time) => time is { } known ? Timestamp.FromDateTimeOffset(known) : null;
}
