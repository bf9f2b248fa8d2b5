namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>One way to the upstream: a port, and the processes that are in between.</summary>
/// <param name="Name">Name of the row.</param>
/// <param name="Port">Where it listens.</param>
/// <param name="Processes">What it consists of; empty for the direct way.</param>
internal sealed record Contender(string Name, int Port, IReadOnlyList<Child> Processes)
{
    public double CpuSeconds => Processes.Sum(p => p.CpuSeconds);
}
