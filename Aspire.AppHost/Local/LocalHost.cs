using InferMesh.AppHost.Tools;

namespace InferMesh.AppHost.Local;

/// <summary>What the local form needs of the machine: replaced as a whole in tests.</summary>
internal sealed record LocalHost(IExecutables Executables, IBuiltProcesses Built, TextWriter Out, TextWriter Error)
{
    public SupervisionOptions Options { get; init; } = new();

    public static LocalHost ThisMachine() => new(PathExecutables.OfThisMachine(), new BuiltProcesses(), TextWriter.Synchronized(Console.Out), TextWriter.Synchronized(Console.Error));
}
