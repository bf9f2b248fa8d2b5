namespace InferMesh.AppHost.Local;

/// <summary>Tells on the console what happens to the processes.</summary>
internal sealed class ConsoleNotices(TextWriter console, string logDirectory) : ISupervisionListener
{
    public void On(ProcessEvent happened)
    {
        var text = happened.Kind switch
        {
            ProcessEventKind.Healthy => $"healthy (pid {happened.Pid})",
            ProcessEventKind.Exited => $"{happened.Detail}; starting again in {happened.RestartIn?.TotalSeconds:0.#} s (log: {Path.Combine(logDirectory, happened.Process + ".log")})",
            ProcessEventKind.Stopped => "stopped",
            ProcessEventKind.Killed => "did not stop in time and was killed",
            _ => null,
        };
        if (text is not null) console.WriteLine($"[{happened.Process}] {text}");
    }
}
