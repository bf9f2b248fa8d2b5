namespace InferMesh.Simulator.Results;

/// <summary>How far a run is.</summary>
/// <param name="Strategy">Name of the strategy.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="SimulatedSeconds">Simulated seconds so far.</param>
/// <param name="HorizonSeconds">Simulated seconds in all.</param>
/// <param name="Events">Events so far.</param>
public readonly record struct RunProgress(string Strategy, ulong Seed, double SimulatedSeconds, double HorizonSeconds, long Events);
