using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration;

/// <summary>Configurations as YAML text.</summary>
public static class SimConfigYaml
{
    private const string Header = "# yaml-language-server: $schema=sim-config.schema.json\n# Synthetic: a model of a fleet. Every key: docs/simulator-config.md\n";

    /// <summary>Reads a configuration strictly: unknown keys, types, ranges and what must fit together; all errors at once, by position.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="baseFolder">Folder that relative files in it start from; null is the current one.</param>
    /// <param name="others">Strategies that it may name beside the catalogue; null for none.</param>
    public static ConfigResult Read(string yaml, string? baseFolder = null, IStrategySource? others = null)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        var errors = new List<ConfigError>();
        if (YamlTree.Read(yaml, errors) is not { } item) return new(null, errors);
        var binder = new ConfigBinder(errors);
        var config = item is YamlMap root ? (SimConfig?)binder.Section(RootKeys.Place(root, errors), typeof(SimConfig), "", []) : null;
        if (item is not YamlMap) errors.Add(new("", item.Line, item.Column, "must hold keys such as seed, workload and topology"));
        if (config is not null)
        {
            config = ConfigDefaults.Apply(config, binder.Positions, baseFolder);
            ConfigPositions.Add(SimConfigValidator.Check(config, others), errors, binder.Positions);
        }

        return new(errors.Count == 0 ? config : null, [.. errors.OrderBy(e => e.Line).ThenBy(e => e.Column)]);
    }

    /// <summary>The configuration as YAML; <see cref="Read"/> gives an equal one.</summary>
    public static string Write(SimConfig config) => Header + ConfigWriter.Write(config);

    /// <summary>The text of an example: <c>small</c> (512 nodes), <c>medium</c> (4,096) or <c>large</c> (131,072), as the original generates them.</summary>
    /// <exception cref="ArgumentException">There is no such example.</exception>
    public static string Example(string name) =>
        Write(SimConfigExamples.Of(name) ?? throw new ArgumentException($"'{name}' is no example; there are small, medium and large.", nameof(name)));

    /// <summary>JSON schema (draft 2020-12) for editors; the comments in it come from the documentation file beside this assembly.</summary>
    public static string JsonSchema() => ConfigSchema.Write();
}
