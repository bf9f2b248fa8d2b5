using InferMesh.Simulator.Configuration.Validation;
using InferMesh.Simulator.Configuration.Yaml;

namespace InferMesh.Simulator.Configuration.Training;

/// <summary>A configuration of jobs, or all that is wrong with it.</summary>
/// <param name="Config">The configuration; null when there are errors.</param>
/// <param name="Errors">All errors, by position; empty when there is a configuration.</param>
public sealed record JobsConfigResult(JobsConfig? Config, IReadOnlyList<ConfigError> Errors);

/// <summary>Configurations of simulated jobs as YAML text.</summary>
public static class JobsConfigYaml
{
    private const string Header = "# Synthetic: a model of jobs on a fabric. Every key: infermesh sim jobs --example, docs/simulator.md\n";

    /// <summary>Reads a configuration strictly: unknown keys, types, ranges and what must fit together; all errors at once, by position.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="baseFolder">Folder that relative files in it start from; null is the current one.</param>
    /// <param name="others">Strategies that it may name beside the catalogue; null for none.</param>
    public static JobsConfigResult Read(string yaml, string? baseFolder = null, IStrategySource? others = null)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        var errors = new List<ConfigError>();
        if (YamlTree.Read(yaml, errors, "infermesh sim jobs --example") is not { } item) return new(null, errors);
        var binder = new ConfigBinder(errors);
        var config = item is YamlMap root ? (JobsConfig?)binder.Section(root, typeof(JobsConfig), "", []) : null;
        if (item is not YamlMap) errors.Add(new("", item.Line, item.Column, "must hold keys such as seed, fleet and jobs"));
        if (config is not null)
        {
            var arrival = config.Jobs.Arrival;
            config = config with { Jobs = config.Jobs with { Arrival = arrival with { File = ConfigFile.Absolute(arrival.File, baseFolder) } } };
            ConfigPositions.Add(JobsConfigValidator.Check(config, others), errors, binder.Positions);
        }
        return new(errors.Count == 0 ? config : null, [.. errors.OrderBy(e => e.Line).ThenBy(e => e.Column)]);
    }

    /// <summary>The configuration as YAML; <see cref="Read"/> gives an equal one.</summary>
    public static string Write(JobsConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Header + ConfigWriter.Write(config);
    }
}

/// <summary>Checks what must hold of a configuration of jobs, wherever it comes from.</summary>
public static class JobsConfigValidator
{
    /// <summary>All that is wrong, without positions; an empty list means that the configuration runs.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="others">Strategies that it may name beside the catalogue; null for none.</param>
    public static IReadOnlyList<ConfigError> Check(JobsConfig config, IStrategySource? others = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var findings = new Findings();
        RangeChecks.Check(config, findings);
        // What is out of range would be said again by what is built from it.
        if (findings.Errors.Count == 0) JobChecks.Check(config, others, findings);
        return findings.Errors;
    }
}
