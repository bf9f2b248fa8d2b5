using System.CommandLine;
using InferMesh.Cli.Sim.Plugins;

namespace InferMesh.Cli.Sim.Commands;

/// <summary><c>infermesh sim validate</c>: everything that is wrong with a configuration, at once.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var (config, plugin) = (SimOptions.Config(), SimOptions.Plugins());
        var command = new Command("validate", "Check a configuration; every error has its line and column.") { config, plugin };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(config);
            using var plugins = SimPlugins.Load(parsed.GetRequiredValue(plugin), 1);
            if (ConfigFile.Read(path, parsed.InvocationConfiguration.Error, plugins) is not { } read) return InferMeshCommand.ExitUsage;
            parsed.InvocationConfiguration.Output.WriteLine(
                $"{path} is valid: {read.Topology.Cells * (long)read.Topology.NodesPerCell} nodes, {read.Strategies.Count} strategies, {Report.Words.Seconds(read.DurationS)}");
            return 0;
        });
        return command;
    }
}
