using System.CommandLine;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary>Lists jobs, and shows one and why it is where it is.</summary>
internal static class JobReading
{
    private static readonly string[] States = ["queued", "admitted", "placing", "running", "degraded", "rescaling", "checkpointing", "paused", "preempted", "completed", "failed", "cancelled"];

    public static Command Get() => Reading.One("get", "Show one job: what it is, where it runs, and how far it is.", JobCommand.Id(), static id => JobCommand.PathOf(id), JobText.View);

    public static Command Explain() => Reading.One("explain", "Show why a job waits, or why it is where it is.", JobCommand.Id(), static id => JobCommand.PathOf(id, "/explain"), JobText.ExplanationView);

    public static Command List() => Reading.Pages("list", "List jobs, newest first.", JobCommand.Path(), JobText.View,
        QueryOption.Repeated("--state", "Only jobs in this state, such as queued or running; may be repeated.", null, States),
        QueryOption.Text("--tenant", "Only jobs of this tenant."),
        QueryOption.Text("--project", "Only jobs of this project."),
        QueryOption.Text("--name", "Only jobs of this name; a trailing * matches any ending."),
        QueryOption.Text("--node", "Only jobs that have GPUs on this node."));
}
