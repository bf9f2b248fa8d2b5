using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads an agent's file strictly: unknown keys, types and ranges, all errors at once.</summary>
internal static class AgentConfigReader
{
    private const string DefaultTarget = "http://127.0.0.1:50051";
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastStorageInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostStorageInterval = TimeSpan.FromHours(1);

    /// <summary>Reads a file.</summary>
    /// <param name="file">Path, also for messages.</param>
    /// <param name="targets">Addresses that win over those of the file; empty leaves the file's.</param>
    /// <param name="errors">One line per error; empty when there is a result.</param>
    public static AgentConfig? ReadFile(string file, IReadOnlyList<string> targets, out IReadOnlyList<string> errors)
    {
        try
        {
            return Read(File.ReadAllText(file), file, targets, out errors);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors = [$"{file}: cannot be read: {exception.Message.ReplaceLineEndings(" ")}"];
            return null;
        }
    }

    /// <summary>Reads the text of a file; paths in it are relative to the folder of <paramref name="file"/>.</summary>
    public static AgentConfig? Read(string text, string file, IReadOnlyList<string> targets, out IReadOnlyList<string> errors)
    {
        var found = new ConfigErrors(file);
        var root = Root(text, found);
        if (root is not null)
            EnvironmentReferences.Resolve(root, found, Environment.GetEnvironmentVariable);
        var config = root is null ? null : Fold(root, file, targets, found);
        errors = found.Lines;
        return found.Count == 0 ? config : null;
    }

    private static YamlNode? Root(string text, ConfigErrors errors)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            errors.Add(exception.Start, $"not readable as YAML: {exception.Message.ReplaceLineEndings(" ")}");
            return null;
        }

        if (yaml.Documents.Count == 1)
            return yaml.Documents[0].RootNode;
        errors.Add(new Mark(0, 1, 1), yaml.Documents.Count == 0 ? "the file is empty; infermesh agent --example prints one to start from" : "the file holds several documents; keep one");
        return null;
    }

    private static AgentConfig Fold(YamlNode root, string file, IReadOnlyList<string> targets, ConfigErrors errors)
    {
        var section = ConfigSection.Open(root, "", errors, "node", "target", "tls", "interval", "gpu", "runtimes", "network", "storage", "storageInterval", "training", "apiKeyFile", "metrics");
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file)) ?? "";
        var interval = section.Duration("interval", TimeSpan.FromSeconds(1), LeastInterval, MostInterval);
        if (!section.Has("node"))
            section.Error("node", "must be set; it needs at least a cell");
        List<Uri> addresses = targets.Count > 0 ? TargetsOfCommandLine(targets) : TargetsOfFile(section, errors);
        TlsConfigReader.Read(section, folder, errors, addresses.Any(TlsConfigReader.IsHttps), out var tls);
        return new AgentConfig
        {
            Node = NodeConfigReader.Read(section.Node("node"), errors),
            Targets = addresses,
            Tls = tls,
            Interval = interval,
            Gpu = GpuConfigReader.Read(section.Node("gpu"), folder, errors),
            Runtimes = RuntimeConfigReader.Read(section, interval, folder, errors),
            InfiniBand = ConfigSection.Open(section.Node("network"), section.Path("network"), errors, "infiniband").Flag("infiniband"),
            StorageInterval = section.Duration("storageInterval", TimeSpan.FromMinutes(1), LeastStorageInterval, MostStorageInterval),
            Storage = StorageConfigReader.Read(section, folder, errors, Environment.GetEnvironmentVariable),
            Training = TrainingConfigReader.Read(section, folder, errors),
            Metrics = MetricsOf(ConfigSection.Open(section.Node("metrics"), section.Path("metrics"), errors, "listen")),
            Credential = CredentialOf(section, folder),
        };
    }

    private static System.Net.IPEndPoint? MetricsOf(ConfigSection section)
    {
        if (section.Text("listen") is not { } text) return null;
        if (text.LastIndexOf(':') > text.LastIndexOf(']') && System.Net.IPEndPoint.TryParse(text, out var listen) && listen.Port > 0) return listen;
        section.Error("listen", $"'{text}' must be an address and a port, such as 127.0.0.1:9409");
        return null;
    }

    private static Credential? CredentialOf(ConfigSection section, string folder)
    {
        try
        {
            return section.Text("apiKeyFile") is { } file ? Credential.OfFile("apiKeyFile", System.IO.Path.Combine(folder, file)) : Credential.OfEnvironment();
        }
        catch (UsageException exception)
        {
            section.Error("apiKeyFile", exception.Message);
            return null;
        }
    }

    private static List<Uri> TargetsOfFile(ConfigSection section, ConfigErrors errors)
    {
        var nodes = section.Node("target") is YamlScalarNode one ? [one] : section.Items("target");
        var targets = new List<Uri>();
        foreach (var node in nodes)
        {
            if (node is YamlScalarNode { Value: { } text } && Address.TryParse(text, out var uri, out _) && uri.AbsolutePath == "/")
                targets.Add(uri);
            else
                errors.Add(node, section.Path("target"), $"'{node}' must be an http or https address without a path, such as {DefaultTarget}");
        }

        return nodes.Count == 0 ? [new Uri(DefaultTarget)] : targets;
    }

    private static List<Uri> TargetsOfCommandLine(IReadOnlyList<string> targets) =>
    [
        .. targets.Select(text => Address.TryParse(text, out var uri, out _) && uri.AbsolutePath == "/"
            ? uri
            : throw new UsageException($"--target '{text}' must be an http or https address without a path, such as {DefaultTarget}")),
    ];
}
