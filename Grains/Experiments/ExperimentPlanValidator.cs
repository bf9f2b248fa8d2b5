using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Common;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies;
using InferMesh.Strategies.Experiments;
using static InferMesh.Grains.Common.FieldRules;

namespace InferMesh.Grains.Experiments;

/// <summary>Checks the content of an experiment: all errors at once, each with the path of its field.</summary>
internal static class ExperimentPlanValidator
{
    private const int MaxArms = 16;
    private const int MaxGuardrails = 8;
    private const double MaxSeconds = 366 * 86_400;

    // What signs callers in is no unit: it would stand in messages between processes.
    private static readonly string[] s_secretHeaders = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"];

    /// <param name="name">Name of the experiment.</param>
    /// <param name="plan">Content.</param>
    /// <param name="plugins">The plugin that each arm names as its strategy; null where it names none, or there is none.</param>
    public static IReadOnlyList<FieldError> Check(string name, ExperimentPlan plan, IReadOnlyList<MeshPlugin?> plugins)
    {
        var errors = new List<FieldError>();
        if (NameRules.Check("name", name) is { } badName) errors.Add(badName);
        if (plan.Description.Length > 1000) errors.Add(new("description", "must have at most 1000 characters."));
        if (!Enum.IsDefined(plan.Unit)) errors.Add(new("unit", "is no unit: it must be request, session, tenant or header."));
        Patterns(errors, "models", plan.Models);
        Patterns(errors, "tenants", plan.Tenants);
        Patterns(errors, "sloClasses", plan.SloClasses);
        if (plan.Arms.Count > MaxArms) errors.Add(new("arms", $"{plan.Arms.Count} arms are too many: at most {MaxArms}."));
        if (plan.Guardrails.Count > MaxGuardrails) errors.Add(new("guardrails", $"{plan.Guardrails.Count} guardrails are too many: at most {MaxGuardrails}."));
        Header(errors, plan);
        Range(errors, "maxDurationSeconds", plan.MaxDurationSeconds, 1, MaxSeconds);
        Range(errors, "promotion.minDurationSeconds", plan.Promotion.MinDurationSeconds, 0, MaxSeconds);
        Range(errors, "promotion.watchSeconds", plan.Promotion.WatchSeconds, 1, MaxSeconds);
        if (ExperimentMapping.MetricFault(plan.Primary, plan.PrimaryCap) is { } fault) errors.Add(new("primary", fault));
        foreach (var (i, guard) in plan.Guardrails.Index())
        {
            if (ExperimentMapping.MetricFault(guard.Metric, guard.Cap) is { } wrong) errors.Add(new($"guardrails[{i}].metric", wrong));
        }
        foreach (var (i, arm) in plan.Arms.Take(MaxArms).Index())
        {
            if (NameRules.Check($"arms[{i}].name", arm.Name) is { } badArm) errors.Add(badArm);
            errors.AddRange(PluginRules.Check(arm.ToRouting(), plugins.ElementAtOrDefault(i)).Select(e => new FieldError($"arms[{i}].{e.Field}", e.Message)));
        }
        // The rest is checked by what judges it, of which a duration or a metric that is none cannot be made.
        if (errors.Count == 0) errors.AddRange(ExperimentSpecValidator.Check(WithoutPlugins(ExperimentMapping.ToSpec(name, plan))).Select(static e => new FieldError(InPlan(e.Field), InPlan(e.Message))));
        return errors;
    }

    /// <summary>What is wrong with a state that comes out of a backup: all others were made by the rules.</summary>
    /// <param name="plan">The content that it is of.</param>
    /// <param name="standing">State.</param>
    public static IReadOnlyList<FieldError> Check(ExperimentPlan plan, ExperimentStanding standing)
    {
        var (errors, challengers) = (new List<FieldError>(), plan.Arms.Skip(1).Select(static a => a.Name).ToHashSet(StringComparer.Ordinal));
        if (!Enum.IsDefined(standing.Stage)) errors.Add(new("stage", $"{(int)standing.Stage} is no stage of an experiment."));
        if (standing.StartedAt == default) errors.Add(new("startedAt", "is required: when it began."));
        if (standing.Stage is ExperimentStage.Decided or ExperimentStage.Promoted or ExperimentStage.Kept ? !challengers.Contains(standing.Winner) : standing.Winner.Length > 0 && !challengers.Contains(standing.Winner))
            errors.Add(new("winner", $"'{NameRules.Shorten(standing.Winner)}' is no challenger of it."));
        if (standing.PausedFor < TimeSpan.Zero || (standing.IsPaused && !standing.IsOpen)) errors.Add(new("pausedAt", "must be of one that has not ended, and the time before it 0 or more."));
        if (standing.StoppedArms.Any(arm => !challengers.Contains(arm))) errors.Add(new("stoppedArms", "must be challengers of it."));
        return errors;
    }

    private static void Header(List<FieldError> errors, ExperimentPlan plan)
    {
        if (plan.Header.Length == 0) return;
        if (plan.Header.Length > 64 || !plan.Header.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) errors.Add(new("header", "must have 1 to 64 letters, digits, '-' or '_'."));
        if (s_secretHeaders.Contains(plan.Header, StringComparer.OrdinalIgnoreCase)) errors.Add(new("header", $"must not be {plan.Header}: secrets are no units. Use unit tenant, or a header of your own."));
    }

    /// <summary>Strategies have been checked, and those of plugins are not in the catalogue.</summary>
    private static ExperimentSpec WithoutPlugins(ExperimentSpec spec) => spec with { Arms = [.. spec.Arms.Select(static a => a with { Strategy = StrategyCatalog.Default, Parameters = null })] };

    private static string InPlan(string text) => text
        .Replace("maxDuration", "maxDurationSeconds", StringComparison.Ordinal)
        .Replace("promotion.minDuration", "promotion.minDurationSeconds", StringComparison.Ordinal)
        .Replace("promotion.watch", "promotion.watchSeconds", StringComparison.Ordinal);
}
