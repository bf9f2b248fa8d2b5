using System.CommandLine;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Commands;

/// <summary><c>infermesh sim generate</c>: a configuration to start from.</summary>
internal static class GenerateCommand
{
    private const string Mixed = "mixed";
    public static readonly string[] Examples = [Mixed, "small", "medium", "large"];

    public static Command Create()
    {
        var example = new Option<string>("--example-type", "-e") { Description = "mixed (a busy mixed fleet, seconds), small (512 nodes), medium (4,096) or large (131,072).", DefaultValueFactory = static _ => Mixed };
        var output = new Option<string>("--output", "-o") { Description = "File to write.", Required = true }.NotEmpty();
        var command = new Command("generate", "Write an example configuration.") { example, output };
        command.SetAction(parsed =>
        {
            var (name, path) = (parsed.GetRequiredValue(example), parsed.GetRequiredValue(output));
            if (!Examples.Contains(name)) throw new UsageException($"--example-type must be one of {string.Join(", ", Examples)}, not '{name}'");
            AtomicFile.Write(path, name == Mixed ? Page.Resource("sim.example.mixed.yaml") : SimConfigYaml.Example(name));
            parsed.InvocationConfiguration.Output.WriteLine($"Wrote {path}. Next: infermesh sim run --config {path} --output results");
        });
        return command;
    }
}
