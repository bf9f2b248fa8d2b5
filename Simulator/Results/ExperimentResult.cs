using InferMesh.Strategies.Experiments;

namespace InferMesh.Simulator.Results;

/// <summary>What an experiment on a simulated fleet came to with one seed. Synthetic.</summary>
/// <param name="Seed">Seed.</param>
/// <param name="Complete">Whether the run came to its horizon.</param>
/// <param name="State">Where the experiment stands at the end.</param>
/// <param name="Transitions">What changed, in order, with times from the start of the simulation's calendar.</param>
/// <param name="Comparisons">All metrics of all challengers against the control, with intervals that held throughout; of the moment when the experiment ended, where it did before the run.</param>
/// <param name="Requests">Requests of each arm whose outcome is known.</param>
/// <param name="Run">The run as a whole, all arms together.</param>
public sealed record ExperimentResult(
    ulong Seed, bool Complete, ExperimentState State, IReadOnlyList<ExperimentTransition> Transitions, IReadOnlyList<MetricComparison> Comparisons, IReadOnlyList<long> Requests,
    StrategyResult Run);
