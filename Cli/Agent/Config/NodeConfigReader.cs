using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads <c>node</c>. The mesh has the last word on every field; these checks find mistakes before anything is sent.</summary>
internal static partial class NodeConfigReader
{
    public const string SyntheticLabel = "synthetic";
    private const int MaxLabels = 64;
    private const int MaxLabelText = 256;
    private const string NameForm = "must be 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit";
    private static readonly string[] Roles = ["gpu", "router", "edge"];

    public static NodeConfig Read(YamlNode? node, ConfigErrors errors)
    {
        var section = ConfigSection.Open(node, "node", errors, "id", "cell", "zone", "region", "failureDomain", "labels", "roles");
        return new NodeConfig
        {
            Id = Name(section, "id", Environment.MachineName),
            Cell = node is null ? "" : Cell(section),
            Zone = Name(section, "zone", ""),
            Region = Name(section, "region", ""),
            FailureDomain = Name(section, "failureDomain", ""),
            Labels = Labels(section, errors),
            Roles = RolesOf(section, errors),
        };
    }

    private static string Cell(ConfigSection section)
    {
        var cell = section.Required("cell", "rack-7");
        if (cell.Length > 0 && !NamePattern().IsMatch(cell))
            section.Error("cell", $"'{cell}' {NameForm}");
        return cell;
    }

    private static string Name(ConfigSection section, string key, string otherwise)
    {
        var written = section.Text(key);
        var name = written ?? otherwise;
        if ((name.Length > 0 || written is not null) && !NamePattern().IsMatch(name))
            section.Error(key, written is not null ? $"'{name}' {NameForm}" : $"the host's name '{name}' is no node id; set one, it {NameForm}");
        return name;
    }

    private static Dictionary<string, string> Labels(ConfigSection node, ConfigErrors errors)
    {
        var section = ConfigSection.Open(node.Node("labels"), node.Path("labels"), errors);
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in section.Texts())
        {
            if (key.Length is 0 or > MaxLabelText || value.Length > MaxLabelText)
                section.Error(key, $"name and value must have at most {MaxLabelText} characters");
            if (key == SyntheticLabel && value != "true")
                section.Error(key, "says whether readings are invented, which the agent knows best; remove it");
            labels[key] = value;
        }

        if (labels.Count > MaxLabels)
            node.Error("labels", $"{labels.Count} labels are too many: at most {MaxLabels}");
        return labels;
    }

    private static List<string> RolesOf(ConfigSection node, ConfigErrors errors)
    {
        if (!node.Has("roles"))
            return ["gpu"];
        var roles = new List<string>();
        var items = node.Items("roles");
        foreach (var item in items)
        {
            if (item is YamlScalarNode { Value: { } role } && Roles.Contains(role))
                roles.Add(role);
            else
                errors.Add(item, node.Path("roles"), $"'{item}' is not a role; known roles: {string.Join(", ", Roles)}");
        }

        if (items.Count == 0)
            node.Error("roles", $"must name at least one of {string.Join(", ", Roles)}");
        return roles;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
