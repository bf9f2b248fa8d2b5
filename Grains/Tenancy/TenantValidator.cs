using System.Text.RegularExpressions;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Common;
using InferMesh.Grains.Policies;

namespace InferMesh.Grains.Tenancy;

/// <summary>Checks the limits of a tenant: all errors at once, each with the path of its field.</summary>
internal static partial class TenantValidator
{
    private const int MaxEntries = 1000;
    private const int MaxText = 256;
    private const long MaxTokens = 1_000_000_000_000_000;

    public static IReadOnlyList<FieldError> Check(string name, TenantSpec spec)
    {
        var errors = new List<FieldError>();
        if (NameRules.Check("name", name) is { } badName) errors.Add(badName);
        if (spec.Description.Length > 1000) errors.Add(new("description", "must have at most 1000 characters."));
        if (spec.Organisation.Length > 0 && NameRules.Check("organisation", spec.Organisation) is { } badOrganisation) errors.Add(badOrganisation);
        Limits(errors, "limits", spec.Limits);
        TooMany(errors, "projects", spec.Projects.Count);
        foreach (var (project, limits) in spec.Projects)
        {
            if (project.Length is 0 or > MaxText) errors.Add(new($"projects.{NameRules.Shorten(project)}", $"a project's name must have 1 to {MaxText} characters."));
            Limits(errors, $"projects.{NameRules.Shorten(project)}", limits);
        }
        TooMany(errors, "keys", spec.Keys.Count);
        foreach (var (key, limits) in spec.Keys)
        {
            var field = $"keys.{NameRules.Shorten(key)}";
            if (!KeyId().IsMatch(key)) errors.Add(new(field, "a key id is the 12 letters and digits after im_ of a key of the mesh, or of any other key the first 16 hex digits, in lower case, of its SHA-256; never the key itself."));
            Limits(errors, field, limits);
            if (limits.TrainingGpus is not null) errors.Add(new($"{field}.trainingGpus", "means nothing here: jobs belong to a tenant and a project, not to a key."));
        }
        Price(errors, "price", spec.Price);
        Range(errors, "trainingWeight", spec.TrainingWeight, 0.001, 1000);
        TooMany(errors, "modelPrices", spec.ModelPrices.Count);
        foreach (var (model, price) in spec.ModelPrices)
        {
            var field = $"modelPrices.{NameRules.Shorten(model)}";
            if (model.Length is 0 or > MaxText) errors.Add(new(field, $"a model must have 1 to {MaxText} characters."));
            if (model.IndexOf('*') is >= 0 and var at && at < model.Length - 1) errors.Add(new(field, "a '*' may stand only at the end."));
            Price(errors, field, price);
        }
        if (spec.Placement is { } placement) PolicyValidator.Placement(errors, placement);
        if (HasMoney(spec) && !HasPrice(spec)) errors.Add(new("price", "is required where moneyPerDay limits something: without it everything is free."));
        return errors;
    }

    private static void Limits(List<FieldError> errors, string field, TenantLimits limits)
    {
        if (limits.RequestsPerSecond is { } rate) Range(errors, $"{field}.requestsPerSecond", rate, 0.001, 1_000_000);
        if (limits.Burst is { } burst) Range(errors, $"{field}.burst", burst, 1, 1_000_000);
        if (limits is { Burst: not null, RequestsPerSecond: null }) errors.Add(new($"{field}.burst", "means nothing without requestsPerSecond."));
        if (limits.ConcurrentRequests is { } concurrent) Range(errors, $"{field}.concurrentRequests", concurrent, 0, 1_000_000);
        if (limits.TokensPerMinute is { } perMinute) Range(errors, $"{field}.tokensPerMinute", perMinute, 0, MaxTokens);
        if (limits.TokensPerDay is { } perDay) Range(errors, $"{field}.tokensPerDay", perDay, 0, MaxTokens);
        if (limits.MoneyPerDay is { } money) Range(errors, $"{field}.moneyPerDay", money, 0, 1_000_000_000);
        if (limits.TrainingGpus is { } gpus) Range(errors, $"{field}.trainingGpus", gpus, 0, 1_000_000);
    }

    private static void Price(List<FieldError> errors, string field, TokenPrice price)
    {
        Range(errors, $"{field}.promptPer1000", price.PromptPer1000, 0, 1_000_000);
        Range(errors, $"{field}.outputPer1000", price.OutputPer1000, 0, 1_000_000);
    }

    private static void Range(List<FieldError> errors, string field, double value, double min, double max)
    {
        // A NaN fails both comparisons and so is refused as well.
        if (!(value >= min && value <= max)) errors.Add(new(field, FormattableString.Invariant($"{value} is out of range {min}..{max}.")));
    }

    private static void TooMany(List<FieldError> errors, string field, int count)
    {
        if (count > MaxEntries) errors.Add(new(field, $"{count} entries are too many: at most {MaxEntries}."));
    }

    private static bool HasMoney(TenantSpec spec) => spec.Projects.Values.Concat(spec.Keys.Values).Append(spec.Limits).Any(l => l.MoneyPerDay is not null);

    private static bool HasPrice(TenantSpec spec) => spec.ModelPrices.Values.Append(spec.Price).Any(p => p.PromptPer1000 > 0 || p.OutputPer1000 > 0);

    [GeneratedRegex(@"\A([0-9a-z]{12}|[0-9a-f]{16})\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyId();
}
