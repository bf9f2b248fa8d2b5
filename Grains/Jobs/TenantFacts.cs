using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Grains.Jobs;

/// <summary>Terms of tenants, read anew now and then. Used on the scheduler's own grain only.</summary>
internal sealed class TenantFacts(IGrainFactory grains, TimeProvider time)
{
    private const int Parallelism = 16;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, (TenantTerms Terms, DateTimeOffset At)> _terms = new(StringComparer.Ordinal);

    public TenantTerms Of(string tenant) => _terms.TryGetValue(tenant, out var known) ? known.Terms : new();

    /// <summary>Terms with what tenants have used.</summary>
    public IReadOnlyDictionary<string, TenantTerms> With(FairShare share) => _terms.ToDictionary(static t => t.Key, t => t.Value.Terms with { Usage = share.Of(t.Key) }, StringComparer.Ordinal);

    public async Task ReadAsync(IReadOnlyCollection<string> tenants)
    {
        var now = time.GetUtcNow();
        foreach (var gone in _terms.Keys.Except(tenants).ToArray()) _terms.Remove(gone);
        string[] old = [.. tenants.Where(t => !_terms.TryGetValue(t, out var known) || now - known.At > Period)];
        await Parallel.ForEachAsync(
            old, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
            async (tenant, _) => _terms[tenant] = (Terms((await grains.GetGrain<ITenantGrain>(tenant).Get())?.Spec), now));
    }

    private static TenantTerms Terms(TenantSpec? spec) => spec is null ? new() : new()
    {
        MaxGpus = spec.Limits.TrainingGpus,
        ProjectMaxGpus = spec.Projects.Where(static p => p.Value.TrainingGpus is not null).ToDictionary(static p => p.Key, static p => p.Value.TrainingGpus!.Value, StringComparer.Ordinal),
        Weight = spec.TrainingWeight,
    };
}
