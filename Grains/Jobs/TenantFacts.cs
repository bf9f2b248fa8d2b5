using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Policies;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Grains.Jobs;

/// <summary>Terms of tenants, read anew now and then. Used on the scheduler's own grain only.</summary>
internal sealed class TenantFacts(IGrainFactory grains, TimeProvider time)
{
    private const int Parallelism = 16;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, (TenantTerms Terms, PlacementRule? Placement, DateTimeOffset At)> _terms = new(StringComparer.Ordinal);

    public TenantTerms Of(string tenant) => _terms.TryGetValue(tenant, out var known) ? known.Terms : new();

    /// <summary>Terms with what tenants have used, and where in the fleet their jobs may run.</summary>
    public IReadOnlyDictionary<string, TenantTerms> With(FairShare share, TrainingFleet fleet) =>
        _terms.ToDictionary(static t => t.Key, t => t.Value.Terms with { Usage = share.Of(t.Key), Nodes = NodesOf(t.Key, fleet) }, StringComparer.Ordinal);

    /// <summary>Nodes that the jobs of a tenant may go to; null for all.</summary>
    public IReadOnlySet<string>? NodesOf(string tenant, TrainingFleet fleet) => _terms.TryGetValue(tenant, out var known) && known.Placement is { } rule
        ? fleet.Nodes.Select(static n => n.Registration).Where(r => rule.Allows(r.NodeId, r.CellId, r.Zone, r.Region, r.Labels)).Select(static r => r.NodeId).ToHashSet(StringComparer.Ordinal)
        : null;

    public async Task ReadAsync(IReadOnlyCollection<string> tenants)
    {
        var now = time.GetUtcNow();
        foreach (var gone in _terms.Keys.Except(tenants).ToArray()) _terms.Remove(gone);
        string[] old = [.. tenants.Where(t => !_terms.TryGetValue(t, out var known) || now - known.At > Period)];
        await Parallel.ForEachAsync(
            old, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
            async (tenant, _) =>
            {
                var spec = (await grains.GetGrain<ITenantGrain>(tenant).Get())?.Spec;
                _terms[tenant] = (Terms(spec), spec?.Placement is { } placement ? PolicyCompiler.Placement(placement) : null, now);
            });
    }

    private static TenantTerms Terms(TenantSpec? spec) => spec is null ? new() : new()
    {
        MaxGpus = spec.Limits.TrainingGpus,
        ProjectMaxGpus = spec.Projects.Where(static p => p.Value.TrainingGpus is not null).ToDictionary(static p => p.Key, static p => p.Value.TrainingGpus!.Value, StringComparer.Ordinal),
        Weight = spec.TrainingWeight,
    };
}
