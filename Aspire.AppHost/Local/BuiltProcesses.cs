using System.Reflection;

namespace InferMesh.AppHost.Local;

/// <summary>How to start the projects of the mesh.</summary>
internal interface IBuiltProcesses
{
    /// <summary>The program and its first arguments for an assembly such as InferMesh.Silo.</summary>
    (string File, IReadOnlyList<string> Arguments) Command(string assembly);
}

/// <summary>The outputs of the projects that this project references; the build writes their paths into this assembly.</summary>
internal sealed class BuiltProcesses : IBuiltProcesses
{
    public (string File, IReadOnlyList<string> Arguments) Command(string assembly)
    {
        var path = typeof(BuiltProcesses).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => a.Key == "process:" + assembly)?.Value
            ?? throw new InvalidOperationException($"{assembly} is not a project reference of the AppHost.");
        // The host that runs this process, also where dotnet is not on PATH.
        return (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [path]);
    }
}
