using System.CommandLine;
using InferMesh.Cli.Sim.Output;
using InferMesh.Cli.Sim.Report;

namespace InferMesh.Cli.Sim.Commands;

/// <summary><c>infermesh sim explain</c>: in plain words, why one strategy does better than another.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var results = new Option<string>("--results", "-r") { Description = "Folder that 'infermesh sim run' wrote.", Required = true }.NotEmpty();
        var strategy = new Option<string?>("--strategy", "-s") { Description = "Strategy to explain; the one with the shortest E2E p99 when not given." };
        var versus = new Option<string?>("--versus") { Description = "Strategy to compare it with; baseline_rr when not given." };
        var command = new Command("explain", "Say in plain words why one strategy does better than another.") { results, strategy, versus };
        command.SetAction(parsed =>
        {
            var all = ResultFolder.ReadMetrics(parsed.GetRequiredValue(results));
            if (all.Count < 2) throw new UsageException("--results: the folder holds one strategy; explaining takes two");
            var a = parsed.GetValue(strategy) is { } name ? Find(all, "--strategy", name)
                : all.Where(static m => m.Strategy != Conclusion.Bound).DefaultIfEmpty(all[0]).MinBy(static m => m.Mean(Figures.E2eP99))!;
            var b = parsed.GetValue(versus) is { } other ? Find(all, "--versus", other) : Other(all, a);
            if (a == b) throw new UsageException("--strategy and --versus must differ");
            foreach (var line in Explanation.Of(a, b)) parsed.InvocationConfiguration.Output.WriteLine(line);
        });
        return command;
    }

    private static MetricsDocument Other(IReadOnlyList<MetricsDocument> all, MetricsDocument a) =>
        all.FirstOrDefault(m => m != a && m.Strategy == Conclusion.Baseline) ?? all.Where(m => m != a).MaxBy(static m => m.Mean(Figures.E2eP99))!;

    private static MetricsDocument Find(IReadOnlyList<MetricsDocument> all, string option, string name) =>
        all.FirstOrDefault(m => m.Strategy == name) ?? throw new UsageException($"{option}: the results hold no '{name}'; they hold {string.Join(", ", all.Select(static m => m.Strategy))}");
}
