using System.CommandLine;
using System.Globalization;
using InferMesh.Cli.Sim.Plugins;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;
using InferMesh.Strategies;
using InferMesh.Strategies.Experiments;

namespace InferMesh.Cli.Sim.Experiment;

/// <summary><c>infermesh sim experiment</c>: requests of a simulated fleet split over strategies, judged while they come.</summary>
internal static class ExperimentCommand
{
    // Tolerated of what must not get worse: 5 % of the whole time, and one request in a hundred.
    private const double E2eMargin = 0.05, ErrorMargin = 0.01;
    private const long RequestsOfAWinner = 1_000;
    private static readonly string[] s_known = [.. StrategyCatalog.All.Select(static s => s.Name)];

    public static Command Create()
    {
        var config = SimOptions.Config();
        var control = new Option<string>("--control") { Description = "Strategy that serves today.", Required = true };
        var challenger = new Option<string[]>("--challenger") { Description = "Strategy to try; may be repeated. The control's name again makes an A/A test, which should find nothing.", Required = true };
        var unit = new Option<string>("--unit") { Description = "What is assigned as a whole: request, session or tenant.", DefaultValueFactory = static _ => "request" };
        var design = new Option<double>("--design-effect") { Description = "Requests that say as much as one independent one; above 1 where whole sessions or tenants are assigned: 1 + (requests per unit - 1) x correlation within a unit.", DefaultValueFactory = static _ => 1 };
        var quantile = new Option<double>("--quantile") { Description = "Quantile of the time to first token that decides.", DefaultValueFactory = static _ => 0.95 };
        var alpha = new Option<double>("--alpha") { Description = "Probability of any wrong judgement, above 0 to 0.5.", DefaultValueFactory = static _ => 0.05 };
        var budget = new Option<long>("--budget") { Description = "Requests after which the experiment ends without a winner.", DefaultValueFactory = static _ => 1_000_000L };
        var (plugin, seeds, threads) = (SimOptions.Plugins(), SimOptions.Seeds(1), SimOptions.Threads());
        var command = new Command("experiment", "Split requests over strategies on one simulated fleet and say who wins, with intervals that may be looked at any time (synthetic).")
        {
            config, control, challenger, plugin, unit, design, quantile, alpha, budget, seeds, threads,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var invocation = parsed.InvocationConfiguration;
            var workers = SimOptions.ThreadCount(parsed.GetValue(threads));
            using var plugins = SimPlugins.Load(parsed.GetRequiredValue(plugin), workers);
            if (ConfigFile.Read(parsed.GetRequiredValue(config), invocation.Error, plugins) is not { } read) return InferMeshCommand.ExitUsage;
            string[] known = [.. s_known, .. (plugins?.Routing ?? []).Select(static s => s.Name)];
            var spec = Checked(Spec(parsed.GetRequiredValue(control), parsed.GetRequiredValue(challenger), read, known) with
            {
                Unit = UnitOf(parsed.GetRequiredValue(unit)),
                DesignEffect = parsed.GetValue(design),
                Primary = ExperimentMetric.Quantile(Measure.Ttft, parsed.GetValue(quantile)),
                Alpha = parsed.GetValue(alpha),
                TrafficBudget = parsed.GetValue(budget),
            }, plugins);
            var options = new RunOptions { Seeds = SimOptions.Seeds(parsed.GetValue(seeds), read.Seed), Threads = workers, Strategies = plugins, Stop = cancellationToken };
            var results = await Task.Run(() => Run(read, spec, options), CancellationToken.None);
            ExperimentTable.Write(invocation.Output, spec, results);
            return results.Count == options.Seeds.Count && results.All(static r => r.Complete) ? 0 : SimCommand.ExitInterrupted;
        });
        return command;
    }

    private static ExperimentSpec Spec(string control, string[] challengers, SimConfig config, string[] known) => new()
    {
        Name = "simulated",
        Arms =
        [
            Arm("control", "--control", control, config, known),
            .. challengers.Select((name, i) => Arm(challengers.Length == 1 ? "challenger" : string.Create(CultureInfo.InvariantCulture, $"challenger-{i + 1}"), "--challenger", name, config, known)),
        ],
        Primary = ExperimentMetric.Quantile(Measure.Ttft, 0.95),
        Guardrails = [new(ExperimentMetric.GeometricMean(Measure.E2e), E2eMargin), new(ExperimentMetric.ErrorRate, ErrorMargin)],
        MaxDuration = TimeSpan.FromSeconds(config.DurationS),
        Promotion = new() { MinRequestsPerArm = RequestsOfAWinner, MinDuration = TimeSpan.Zero },
    };

    private static ExperimentSpec Checked(ExperimentSpec spec, SimPlugins? plugins) => ExperimentSpecValidator.Check(spec, plugins?.Routing) is [var first, ..] ? throw new UsageException(first.Message) : spec;

    private static AssignmentUnit UnitOf(string unit) => unit switch
    {
        "request" => AssignmentUnit.Request,
        "session" => AssignmentUnit.Session,
        "tenant" => AssignmentUnit.Tenant,
        _ => throw new UsageException($"--unit must be request, session or tenant, not '{unit}'"),
    };

    private static ExperimentArm Arm(string name, string option, string strategy, SimConfig config, string[] known) => known.Contains(strategy, StringComparer.Ordinal)
        ? new(name, 1, strategy, config.Strategies.FirstOrDefault(s => s.Name == strategy)?.Parameters)
        : throw new UsageException($"{option}: there is no strategy '{strategy}'; there are {string.Join(", ", known)}");

    private static IReadOnlyList<ExperimentResult> Run(SimConfig config, ExperimentSpec spec, RunOptions options)
    {
        try
        {
            return SimulationRunner.RunExperiment(config, spec, options);
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(exception.Message);
        }
        catch (InvalidOperationException exception)
        {
            throw new CommandFailedException(exception.Message);
        }
    }
}
