using InferMesh.AppHost.Tools;

namespace InferMesh.Tests.Unit.AppHost;

/// <summary>A machine with exactly these files; the directory "path" is its PATH.</summary>
internal sealed class FakeExecutables(params string[] files) : IExecutables
{
    public string? Find(string program, params IReadOnlyList<string> searchFirst) =>
        searchFirst.Append("path").Select(d => $"{d}/{program}").FirstOrDefault(files.Contains);
}
