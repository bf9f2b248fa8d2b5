using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Grains.Tenancy;

/// <summary>A limit as a meter sees it.</summary>
/// <param name="Limit">Most units; of a rate its burst; null for no limit.</param>
/// <param name="PerSecond">Units that come back in a second; 0 unless a rate.</param>
internal readonly record struct MeterLimit(long? Limit, double PerSecond);

/// <summary>The limits of one version of a tenant, ready to be asked. Pure and immutable.</summary>
internal sealed class TenantPlan(long version, TenantSpec spec)
{
    private const double Millionths = 1e6;
    private const int PerTokens = 1000;

    private static readonly LimitKind[] Kinds = Enum.GetValues<LimitKind>();

    public long Version => version;

    public TenantSpec Spec => spec;

    /// <summary>What a request of the project and key is counted on: a kind that has no limit too, so that usage shows it; a rate only where there is one.</summary>
    public IEnumerable<MeterKey> MetersOf(string project, string keyId)
    {
        foreach (var kind in Kinds)
        {
            if (Counts(spec.Limits, kind)) yield return new(TenantScope.Tenant, "", kind);
        }
        if (spec.Projects.TryGetValue(project, out var ofProject))
        {
            foreach (var kind in Kinds)
            {
                if (Counts(ofProject, kind)) yield return new(TenantScope.Project, project, kind);
            }
        }
        if (!spec.Keys.TryGetValue(keyId, out var ofKey)) yield break;
        foreach (var kind in Kinds)
        {
            if (Counts(ofKey, kind)) yield return new(TenantScope.Key, keyId, kind);
        }
    }

    /// <summary>Limit of a meter; null when the tenant has no such project or key.</summary>
    public MeterLimit? LimitOf(MeterKey key) => LimitsOf(key) is { } limits ? Of(limits, key.Kind) : null;

    /// <summary>Limit in the words of whoever wrote it.</summary>
    public double Allowed(MeterKey key) => LimitsOf(key) is not { } limits ? 0 : key.Kind switch
    {
        LimitKind.RequestsPerSecond => limits.RequestsPerSecond ?? 0,
        LimitKind.MoneyPerDay => limits.MoneyPerDay ?? 0,
        _ => Of(limits, key.Kind).Limit ?? 0,
    };

    /// <summary>What tokens of a model cost, in millionths, rounded up.</summary>
    public long Money(string model, int promptTokens, int outputTokens)
    {
        var price = PriceOf(model);
        return (long)Math.Ceiling(((promptTokens * price.PromptPer1000) + (outputTokens * price.OutputPer1000)) * (Millionths / PerTokens));
    }

    /// <summary>What a request counts on a meter.</summary>
    public long Amount(LimitKind kind, string model, int promptTokens, int outputTokens) => kind switch
    {
        LimitKind.TokensPerMinute or LimitKind.TokensPerDay => (long)promptTokens + outputTokens,
        LimitKind.MoneyPerDay => Money(model, promptTokens, outputTokens),
        _ => 1,
    };

    public static double ToMoney(long millionths) => millionths / Millionths;

    private TenantLimits? LimitsOf(MeterKey key) => key.Scope switch
    {
        TenantScope.Tenant => spec.Limits,
        TenantScope.Project => spec.Projects.GetValueOrDefault(key.Name),
        _ => spec.Keys.GetValueOrDefault(key.Name),
    };

    private static bool Counts(TenantLimits limits, LimitKind kind) => kind != LimitKind.RequestsPerSecond || limits.RequestsPerSecond is not null;

    private static MeterLimit Of(TenantLimits limits, LimitKind kind) => kind switch
    {
        LimitKind.RequestsPerSecond when limits.RequestsPerSecond is { } rate => new(limits.Burst ?? Math.Max(1, (long)rate), rate),
        LimitKind.ConcurrentRequests => new(limits.ConcurrentRequests, 0),
        LimitKind.TokensPerMinute => new(limits.TokensPerMinute, 0),
        LimitKind.TokensPerDay => new(limits.TokensPerDay, 0),
        LimitKind.MoneyPerDay when limits.MoneyPerDay is { } money => new((long)(money * Millionths), 0),
        _ => default,
    };

    private TokenPrice PriceOf(string model)
    {
        var (price, matched) = (spec.Price, -1);
        foreach (var (pattern, candidate) in spec.ModelPrices)
        {
            var isOpen = pattern.EndsWith('*');
            var length = isOpen ? pattern.Length - 1 : pattern.Length;
            // A name in full is a longer match than the same one with an open end.
            var rank = isOpen ? 2 * length : (2 * length) + 1;
            if (rank > matched && (isOpen ? model.AsSpan().StartsWith(pattern.AsSpan(0, length), StringComparison.Ordinal) : model == pattern)) (price, matched) = (candidate, rank);
        }
        return price;
    }
}
