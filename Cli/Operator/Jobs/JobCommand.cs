using System.CommandLine;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary><c>infermesh job</c>: training jobs, from their submission to their end.</summary>
internal static class JobCommand
{
    private const string Jobs = "/api/v1/jobs";

    public static Command Create() => new("job", "Submit, watch and steer training jobs.")
    {
        JobSubmit.Create(),
        JobReading.List(),
        JobReading.Get(),
        JobReading.Explain(),
        JobFollowing.Watch(),
        JobFollowing.Events(),
        JobSteering.Pause(),
        JobSteering.Resume(),
        JobSteering.Scale(),
        JobSteering.Checkpoint(),
        JobSteering.Cancel(),
    };

    /// <summary>Path of all jobs, with what follows.</summary>
    public static string Path(string rest = "") => Jobs + rest;

    /// <summary>Path of one job, with what follows.</summary>
    public static string PathOf(string id, string rest = "") =>
        id.Length > 0 ? $"{Jobs}/{Uri.EscapeDataString(id)}{rest}" : throw new UsageException("the id of the job must not be empty");

    public static Argument<string> Id() => new("id") { Description = "Id of the job." };
}
