namespace InferMesh.AppHost.Local;

/// <summary>A process that the mesh cannot do without did not come up.</summary>
internal sealed class ProcessFailedException(string process, string reason, IReadOnlyList<string> lastLines)
    : Exception($"{process} {reason}{string.Concat(lastLines.Select(l => $"{System.Environment.NewLine}    {l}"))}");
