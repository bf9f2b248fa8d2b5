using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads <c>training</c>.</summary>
internal static class TrainingConfigReader
{
    private const int MaxHost = 253;

    /// <param name="root">The whole file.</param>
    /// <param name="folder">Folder that paths are relative to.</param>
    /// <param name="errors">Where errors go.</param>
    public static TrainingConfig Read(ConfigSection root, string folder, ConfigErrors errors)
    {
        var defaults = new TrainingConfig();
        var section = ConfigSection.Open(root.Node("training"), root.Path("training"), errors, "enabled", "host", "workDir", "commands", "topology");
        var host = section.Text("host") ?? defaults.Host;
        if (host.Length > MaxHost || Uri.CheckHostName(host) == UriHostNameType.Unknown)
            section.Error("host", $"'{host}' must be a name or an address, without a port, such as 10.0.0.7");
        return new TrainingConfig
        {
            Enabled = section.Flag("enabled"),
            Host = host,
            WorkDir = section.Text("workDir") is { } text ? WorkDir(section, text, folder) : defaults.WorkDir,
            Commands = Commands(section, errors),
            Topology = section.Text("topology") is { } topology ? Topology(section, topology, folder) : defaults.Topology,
        };
    }

    private static string WorkDir(ConfigSection section, string text, string folder)
    {
        if (text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal))
        {
            var path = Path.GetFullPath(Path.Combine(folder, text));
            if (File.Exists(path))
                section.Error("workDir", $"'{text}' is a file, and must be a folder or nothing yet");
            return path;
        }

        section.Error("workDir", "must be a folder");
        return "";
    }

    private static string Topology(ConfigSection section, string text, string folder)
    {
        if (text is TrainingConfig.TopologyAuto or TrainingConfig.TopologyNone) return text;
        var path = text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal) ? Path.GetFullPath(Path.Combine(folder, text)) : "";
        if (!File.Exists(path)) section.Error("topology", $"'{text}' must be auto, none or a file that is there, such as /etc/nccl/topology.xml");
        return path;
    }

    private static List<string> Commands(ConfigSection section, ConfigErrors errors)
    {
        var commands = new List<string>();
        foreach (var item in section.Items("commands"))
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{section.Path("commands")}[{commands.Count}]");
            var command = (item as YamlScalarNode)?.Value ?? "";
            if (command.Length == 0 || command.Any(char.IsControl))
                errors.Add(item, path, "must be the name or path of a program");
            // Ranks start in the folder of their job: what a relative path means there is up to the job.
            else if (command.Contains('/', StringComparison.Ordinal) && !Path.IsPathRooted(command))
                errors.Add(item, path, $"'{command}' must be a bare name, which is looked for in PATH, or a full path");
            commands.Add(command);
        }

        return commands;
    }
}
