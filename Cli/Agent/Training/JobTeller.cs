using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>Tells the mesh of one job. Thread safe.</summary>
internal sealed class JobTeller(string job, JobRunner owner)
{
    private const int MaxError = 2048;
    private volatile Task _last = Task.CompletedTask;

    /// <summary>Whether the mesh has all that was told, steps and checkpoints aside.</summary>
    public bool IsAllTaken => _last.IsCompleted;

    /// <summary>Tells what ranks did as a whole.</summary>
    public void Tell(JobReportKind kind, long fence) => _last = Add(new() { Kind = kind, Fence = fence });

    /// <summary>Tells of a failure.</summary>
    public void Tell(long fence, RankFailure failure)
    {
        var report = new ReportJobRequest { Kind = JobReportKind.Failed, Fence = fence, Error = OneLine(failure.Error) };
        if (failure.Rank is { } rank) report.Rank = rank;
        if (failure.ExitCode is { } code) report.ExitCode = code;
        _last = Add(report);
    }

    /// <summary>Tells of a step or a checkpoint.</summary>
    public void Tell(JobRun run, RankMessage message)
    {
        var report = new ReportJobRequest { Kind = JobReportKind.Step, Fence = run.Fence, Step = message.Step };
        if (message.StepSeconds is { } seconds) report.StepSeconds = seconds;
        if (message.CheckpointRef is { } at) (report.Kind, report.CheckpointRef) = (JobReportKind.Checkpoint, at);
        _ = Add(report);
    }

    /// <summary>A text as one line that reports take.</summary>
    internal static string OneLine(string text)
    {
        var line = new string([.. text.Select(static c => char.IsControl(c) ? ' ' : c)]).Trim();
        if (line.Length <= MaxError)
            return line;
        // Half a character would be none.
        return line[..(char.IsHighSurrogate(line[MaxError - 1]) ? MaxError - 1 : MaxError)];
    }

    private Task Add(ReportJobRequest report)
    {
        (report.NodeId, report.JobId) = (owner.Node, job);
        return owner.Reports.Add(report);
    }
}
