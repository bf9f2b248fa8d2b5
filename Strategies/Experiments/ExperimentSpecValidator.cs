using System.Globalization;

namespace InferMesh.Strategies.Experiments;

/// <summary>Checks an experiment before it begins.</summary>
public static class ExperimentSpecValidator
{
    /// <summary>All that is wrong, each with its field; empty when nothing is.</summary>
    /// <param name="spec">The experiment.</param>
    /// <param name="others">Strategies beside those of the catalogue that arms may have; null for none.</param>
    public static IReadOnlyList<ParameterError> Check(ExperimentSpec spec, IReadOnlyList<StrategyDescription>? others = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var errors = new List<ParameterError>();
        if (string.IsNullOrWhiteSpace(spec.Name)) Say("name", "must not be empty: it salts the split.");
        if (spec.Arms.Count < 2) Say("arms", "must be two or more, the control first.");
        for (var i = 0; i < spec.Arms.Count; i++) CheckArm(spec.Arms[i], $"arms[{i}]");
        if (spec.Arms.Select(a => a.Name).Distinct(StringComparer.Ordinal).Count() < spec.Arms.Count) Say("arms", "must have different names.");
        if ((spec.Unit == AssignmentUnit.Header) != (spec.Header.Length > 0)) Say("header", "must name a header when unit is header, and be empty otherwise.");
        Range("share", spec.Share, 0, 1, aboveMin: true);
        Range("alpha", spec.Alpha, 0, 0.5, aboveMin: true);
        Range("minGain", spec.MinGain, 0, 10);
        Range("trafficBudget", spec.TrafficBudget, 1_000, 1e15);
        Range("minRequestsPerArm", spec.MinRequestsPerArm, 100, int.MaxValue);
        Range("designEffect", spec.DesignEffect, 1, 1e6);
        if (spec.DesignEffect == 1 && spec.Unit != AssignmentUnit.Request)
            Say("designEffect", "must be above 1 unless unit is request: requests of one unit resemble each other. Set 1 + (requests per unit - 1) x correlation within a unit.");
        Positive("maxDuration", spec.MaxDuration);
        CheckMetric(spec.Primary, "primary");
        for (var i = 0; i < spec.Guardrails.Count; i++)
        {
            CheckMetric(spec.Guardrails[i].Metric, $"guardrails[{i}].metric");
            Range($"guardrails[{i}].margin", spec.Guardrails[i].Margin, 0, spec.Guardrails[i].Metric.IsDifference ? 1 : 10);
        }
        Range("promotion.minRequestsPerArm", spec.Promotion.MinRequestsPerArm, 0, 1e15);
        Range("promotion.holdback", spec.Promotion.Holdback, 0.001, 0.5);
        Positive("promotion.watch", spec.Promotion.Watch);
        if (spec.Promotion.MinDuration < TimeSpan.Zero || spec.Promotion.MinDuration > spec.MaxDuration) Say("promotion.minDuration", "must be from 0 to maxDuration: there would never be a winner.");
        return errors;

        void Say(string field, string message) => errors.Add(new(field, $"{field} {message}"));

        void Range(string field, double value, double min, double max, bool aboveMin = false)
        {
            if (!(value >= min && value <= max) || (aboveMin && value == min))
                Say(field, string.Create(CultureInfo.InvariantCulture, $"must be {(aboveMin ? "above" : "from")} {min} {(aboveMin ? "and at most" : "to")} {max}, not {value}."));
        }

        void Positive(string field, TimeSpan value)
        {
            if (value <= TimeSpan.Zero) Say(field, $"must be more than zero, not {value}.");
        }

        void CheckArm(ExperimentArm arm, string field)
        {
            if (string.IsNullOrWhiteSpace(arm.Name)) Say($"{field}.name", "must not be empty.");
            Range($"{field}.weight", arm.Weight, 0, 1e6, aboveMin: true);
            var wrong = others?.FirstOrDefault(s => s.Name == arm.Strategy) is { } other ? StrategyCatalog.Validate(other, arm.Parameters) : StrategyCatalog.Validate(arm.Strategy, arm.Parameters);
            errors.AddRange(wrong.Select(e => new ParameterError($"{field}.{e.Field}", e.Message)));
        }

        void CheckMetric(ExperimentMetric metric, string field)
        {
            if (metric.Statistic == Statistic.Quantile && !(metric.Level is > 0 and < 1)) Say(field, "must name a quantile within (0, 1), such as 0.95.");
            if (metric.Statistic == Statistic.CappedMean && !(metric.Level > 0 && double.IsFinite(metric.Level))) Say(field, "must have a cap above 0: values beyond it count as the cap.");
        }
    }
}
