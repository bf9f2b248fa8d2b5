using System.CommandLine;
using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Strategies;

namespace InferMesh.Cli.Sim;

/// <summary>Options that several commands have.</summary>
internal static class SimOptions
{
    private const int MaxSeeds = 1000;
    private const int MaxThreads = 1024;

    public static Option<string> Config() => new Option<string>("--config", "-c") { Description = "The configuration, a YAML file.", Required = true }.NotEmpty();

    public static Option<int> Seeds(int count) =>
        new("--seeds") { Description = "Runs with the configuration's seed and those after it; two and more give confidence intervals.", DefaultValueFactory = _ => count };

    public static Option<string[]> Plugins() => new Option<string[]>("--plugin") { Description = "Package of a strategy plugin, a folder or a zip archive, whose name strategies may have; may be repeated. One for .NET is code that this command runs.", DefaultValueFactory = static _ => [], HelpName = "PACKAGE" }.NotEmpty();

    public static Option<int> Threads() => new("--threads") { Description = "Runs at the same time; results do not depend on it. 0 is one per core." };

    public static Option<bool> Quiet() => new("--quiet", "-q") { Description = "Say nothing of the progress." };

    public static IReadOnlyList<ulong> Seeds(int count, ulong first) => count is >= 1 and <= MaxSeeds
        ? [.. Enumerable.Range(0, count).Select(i => first + (ulong)i)]
        : throw new UsageException($"--seeds must be from 1 to {MaxSeeds}");

    public static int ThreadCount(int threads) => threads switch
    {
        0 => Environment.ProcessorCount,
        > 0 and <= MaxThreads => threads,
        _ => throw new UsageException($"--threads must be from 0 to {MaxThreads}"),
    };

    /// <summary>The strategies by name, each once; those of the configuration keep their parameters. <c>all</c> is the catalogue, the oracle and what there is beside them, each once.</summary>
    public static IReadOnlyList<StrategyConfig> Strategies(string option, IEnumerable<string> texts, SimConfig config, IStrategySource? others = null)
    {
        string[] known = [.. AllStrategies, .. (others?.Routing ?? []).Select(static s => s.Name)];
        var names = texts.SelectMany(static t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .SelectMany(n => n == "all" ? Once(known) : [n]).Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length == 0) throw new UsageException($"{option} must name at least one of {string.Join(", ", known)}");
        if (Array.Find(names, n => !known.Contains(n, StringComparer.Ordinal)) is { } unknown)
            throw new UsageException($"{option}: there is no strategy '{unknown}'; there are {string.Join(", ", known)}");
        return [.. names.Select(n => config.Strategies.FirstOrDefault(s => s.Name == n) ?? new(n))];
    }

    /// <summary>Without the names that say a version where the name alone is the same plugin.</summary>
    public static IEnumerable<string> Once(IReadOnlyList<string> names) => names.Where(n => n.IndexOf('@', StringComparison.Ordinal) is var at && (at < 0 || !names.Contains(n[..at], StringComparer.Ordinal)));

    public static IReadOnlyList<string> AllStrategies { get; } = [.. StrategyCatalog.All.Select(static s => s.Name), Conclusion.Bound];
}
