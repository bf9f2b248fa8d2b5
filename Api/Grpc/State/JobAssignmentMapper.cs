using Domain = InferMesh.Grains.Abstractions.Jobs;
using Wire = InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

/// <summary>What agents do for training jobs, between the wire and the contracts.</summary>
internal static class JobAssignmentMapper
{
    /// <summary>The wire has an "unspecified" before the first order and kind.</summary>
    private const int Shift = 1;

    public static bool IsKnown(Wire.JobReportKind kind) => kind != Wire.JobReportKind.Unspecified && Enum.IsDefined(kind);

    /// <param name="request">What the agent says.</param>
    /// <param name="cell">Cell that the node is registered with: its ledger has the claims, whatever an agent remembers.</param>
    public static Domain.JobLauncher ToContract(Wire.PollJobsRequest request, string cell) =>
        new(cell, request.Host, [.. request.Running.Select(running => new Domain.RunningJob(running.JobId, running.Fence))]);

    public static Domain.JobReport ToContract(Wire.ReportJobRequest report) => new()
    {
        Fence = report.Fence,
        Node = report.NodeId,
        Kind = (Domain.JobReportKind)((int)report.Kind - Shift),
        Step = report.Step,
        StepSeconds = report.HasStepSeconds ? report.StepSeconds : null,
        CheckpointRef = report.CheckpointRef,
        Rank = report.HasRank ? report.Rank : -1,
        ExitCode = report.HasExitCode ? report.ExitCode : null,
        // It ends with what a rank wrote last, which may be anything.
        Error = string.Concat(report.Error.Select(static c => char.IsControl(c) ? ' ' : c)),
    };

    public static Wire.PollJobsResponse ToProto(Domain.NodeJobs jobs) => new()
    {
        Changed = true,
        Version = jobs.Version,
        Assignments = { jobs.Assignments.Select(ToProto) },
        LeaseSeconds = jobs.Lease.TotalSeconds,
    };

    private static Wire.JobAssignment ToProto(Domain.JobAssignment assignment) => new()
    {
        JobId = assignment.Job,
        Fence = assignment.Fence,
        Order = (Wire.JobOrder)((int)assignment.Order + Shift),
        CheckpointRequest = assignment.CheckpointRequest,
        CheckpointFirst = assignment.CheckpointFirst,
        GraceSeconds = assignment.Grace.TotalSeconds,
        Ranks = { assignment.Ranks.Select(static rank => new Wire.JobRank { Rank = rank.Rank, LocalRank = rank.LocalRank, Gpu = rank.Gpu }) },
        WorldSize = assignment.WorldSize,
        Peers = { assignment.Peers.Select(static peer => new Wire.JobPeer { NodeId = peer.Node, Host = peer.Host, FirstRank = peer.FirstRank, Ranks = peer.Ranks }) },
        MasterAddress = assignment.MasterAddress,
        MasterPort = assignment.MasterPort,
        Image = assignment.Image,
        Command = { assignment.Command },
        Environment = { assignment.Environment.ToDictionary() },
        CheckpointTo = assignment.CheckpointTo,
        ResumeFrom = assignment.ResumeFrom,
        ResumeStep = assignment.ResumeStep,
        Dataset = assignment.Dataset,
        HintRevision = assignment.HintRevision,
    };
}
