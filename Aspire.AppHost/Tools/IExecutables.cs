namespace InferMesh.AppHost.Tools;

/// <summary>Finds programs of this machine.</summary>
internal interface IExecutables
{
    /// <summary>The full path of a program, or null; the given directories are searched before PATH.</summary>
    string? Find(string program, params IReadOnlyList<string> searchFirst);
}
