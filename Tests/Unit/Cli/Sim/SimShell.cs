using System.CommandLine;
using InferMesh.Cli;
using InferMesh.Cli.Sim;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;

namespace InferMesh.Tests.Unit.Cli.Sim;

/// <summary>A folder of its own and the command line with a simulator that answers with made results.</summary>
internal sealed class SimShell : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("infermesh-sim-").FullName;

    /// <summary>What was run, in order.</summary>
    public List<(SimConfig Config, RunOptions Options)> Runs { get; } = [];

    /// <summary>Answers of the simulator; by default p99 is 5 s for round robin and 2 s for others.</summary>
    public Func<SimConfig, RunOptions, IReadOnlyList<StrategyResult>> Answer { get; set; } = static (config, options) =>
        [.. config.Strategies.SelectMany(s => options.Seeds!.Select(seed => MadeResults.Make(s.Name, seed, (s.Name == "baseline_rr" ? 5 : 2) + (seed % 5 * 0.01))))];

    public string At(string file) => Path.Combine(Folder, file);

    public string Config(string yaml = "seed: 42\nduration_s: 60\nstrategies: [baseline_rr, mesh]\n")
    {
        File.WriteAllText(At("config.yaml"), yaml);
        return At("config.yaml");
    }

    public async Task<(int Code, string Output, string Error)> RunAsync(string[] args, CancellationToken stop = default)
    {
        using StringWriter output = new(), error = new();
        Command sim = SimCommand.Create(Run, TimeProvider.System);
        var code = await InferMeshCommand.RunAsync(InferMeshCommand.Create(sim), ["sim", .. args], output, error, stop);
        return (code, output.ToString(), error.ToString());
    }

    public Task<(int Code, string Output, string Error)> RunAsync(string commandLine) => RunAsync(commandLine.Split(' '));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private IReadOnlyList<StrategyResult> Run(SimConfig config, RunOptions options)
    {
        lock (Runs) Runs.Add((config, options));
        return Answer(config, options);
    }
}
