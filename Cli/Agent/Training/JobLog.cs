namespace InferMesh.Cli.Agent.Training;

/// <summary>What the agent says about jobs: one line per change, none per step.</summary>
internal sealed partial class JobLog(ILogger logger)
{
    public void Started(string job, long fence, int ranks, int worldSize, string folder) => LogStarted(logger, job, fence, ranks, worldSize, folder);

    public void Finished(string job, long fence) => LogFinished(logger, job, fence);

    public void Failed(string job, long fence, string reason) => LogFailed(logger, job, fence, reason);

    public void Stopped(string job, long fence) => LogStopped(logger, job, fence);

    public void Killed(string job, long fence, string reason) => LogKilled(logger, job, fence, reason);

    public void Older(string job, long fence, long known) => LogOlder(logger, job, fence, known);

    public void NotWritten(string job, long fence, string reason) => LogNotWritten(logger, job, fence, reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "job {Job}, fence {Fence}: {Ranks} of {WorldSize} ranks started in {Folder}")]
    private static partial void LogStarted(ILogger logger, string job, long fence, int ranks, int worldSize, string folder);

    [LoggerMessage(Level = LogLevel.Information, Message = "job {Job}, fence {Fence}: all ranks ended well")]
    private static partial void LogFinished(ILogger logger, string job, long fence);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job}, fence {Fence} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string job, long fence, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "job {Job}, fence {Fence}: stopped")]
    private static partial void LogStopped(ILogger logger, string job, long fence);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job}, fence {Fence}: ranks are killed: {Reason}")]
    private static partial void LogKilled(ILogger logger, string job, long fence, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job}: fence {Fence} is older than {Known} and is left alone")]
    private static partial void LogOlder(ILogger logger, string job, long fence, long known);

    [LoggerMessage(Level = LogLevel.Warning, Message = "job {Job}, fence {Fence}: a new hint is not written: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string job, long fence, string reason);
}
