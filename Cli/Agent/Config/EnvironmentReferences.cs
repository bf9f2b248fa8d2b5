using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>
/// <c>${NAME}</c> in a value stands for an environment variable: one file then serves every machine of a fleet, which differ in name and
/// address. Replaced in values that were parsed, so that no variable can change the shape of the file.
/// </summary>
internal static partial class EnvironmentReferences
{
    public static void Resolve(YamlNode root, ConfigErrors errors, Func<string, string?> variable)
    {
        foreach (var scalar in root.AllNodes.OfType<YamlScalarNode>().Where(node => node.Value?.Contains("${", StringComparison.Ordinal) == true))
        {
            scalar.Value = Reference().Replace(scalar.Value!, match =>
            {
                var name = match.Groups[1].Value;
                if (variable(name) is { Length: > 0 } value)
                    return value;
                errors.Add(scalar, "", $"'{scalar.Value}' needs the environment variable {name}, which is not set");
                return match.Value;
            });
        }
    }

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Reference();
}
