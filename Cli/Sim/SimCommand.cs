using System.CommandLine;
using InferMesh.Cli.Sim.Commands;
using InferMesh.Cli.Sim.Experiment;
using InferMesh.Cli.Sim.Jobs;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;

namespace InferMesh.Cli.Sim;

/// <summary>Runs a configuration: the simulator, or a stand-in of a test.</summary>
internal delegate IReadOnlyList<StrategyResult> SimulationRun(SimConfig config, RunOptions options);

/// <summary><c>infermesh sim</c>: what strategies do on a fleet that does not exist.</summary>
internal static class SimCommand
{
    /// <summary>Exit code of a run that was interrupted: 128 and the number of SIGINT, as shells have it.</summary>
    public const int ExitInterrupted = 130;

    public static Command Create() => Create(static (config, options) => SimulationRunner.Run(config, options), TimeProvider.System);

    public static Command Create(SimulationRun run, TimeProvider time) => new("sim", "Compare strategies on a simulated fleet (synthetic).")
    {
        GenerateCommand.Create(),
        ValidateCommand.Create(),
        RunCommand.Create(run, time),
        CompareCommand.Create(),
        SweepCommand.Create(run, time),
        ExplainCommand.Create(),
        StudyCommand.Create(run, time),
        JobsCommand.Create(),
        ExperimentCommand.Create(),
        CalibrateCommand.Create(),
    };
}
