using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Matrix;

/// <summary>One place of a matrix: what makes it differ from its neighbours, and the configuration that runs there.</summary>
/// <param name="Place">Dimensions and values in order, as text of files.</param>
/// <param name="Config">What runs.</param>
internal sealed record MatrixCell(IReadOnlyList<(string Dimension, string Value)> Place, SimConfig Config)
{
    /// <summary>The place in words, such as <c>rho=0.8 fleet=mixed</c>.</summary>
    public string Name => string.Join(' ', Place.Select(static p => $"{p.Dimension}={p.Value}"));

    /// <summary>The place as a file name.</summary>
    public string FileName => string.Join('_', Place.Select(static p => p.Value.Replace('.', 'p').Replace('/', '-'))) is { Length: > 0 } name ? name : "all";
}
