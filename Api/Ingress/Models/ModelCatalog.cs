using InferMesh.Api.Calls;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Ingress.Models;

/// <summary>The models that a request could be routed to now. Thread-safe.</summary>
internal sealed class ModelCatalog(FleetReader cells, TimeProvider time) : IDisposable
{
    // Clients may ask as often as they like: a large cluster's snapshots are read once a second at most.
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile Listing? _last;

    /// <summary>Models by name.</summary>
    public async Task<IReadOnlyList<ServedModel>> ListAsync(CancellationToken cancellationToken)
    {
        if (Fresh() is { } held) return held;
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (Fresh() is { } meanwhile) return meanwhile;
            var models = Collect(await cells.ReadAsync(cancellationToken));
            _last = new(models, time.GetTimestamp());
            return models;
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose() => _reading.Dispose();

    private IReadOnlyList<ServedModel>? Fresh() => _last is { } last && time.GetElapsedTime(last.ReadAt) < Freshness ? last.Models : null;

    private static ServedModel[] Collect(IEnumerable<CellSnapshot> snapshots) =>
    [
        .. snapshots.SelectMany(Targets)
            .GroupBy(target => target.Model, StringComparer.Ordinal)
            .Select(group => new ServedModel(
                group.Key, new DateTimeOffset(group.Max(t => t.SampledAtTicks), TimeSpan.Zero).ToUnixTimeSeconds(), group.Count(), group.All(t => t.Synthetic)) { Runtimes = [.. group.Select(t => t.Runtime).Distinct(StringComparer.Ordinal)] })
            .OrderBy(model => model.Id, StringComparer.Ordinal),
    ];

    private static IEnumerable<(string Model, string Runtime, long SampledAtTicks, bool Synthetic)> Targets(CellSnapshot snapshot)
    {
        var (targets, nodes) = (snapshot.Targets, snapshot.Nodes);
        for (var i = 0; i < targets.Node.Length; i++)
        {
            var node = targets.Node[i];
            // A suspect node is still routed to when there is no better one; what is not resident and cannot be loaded is no candidate at all.
            if (targets.Healthy[i] && !double.IsPositiveInfinity(targets.ColdStartSeconds[i]) && nodes.Health[node] is NodeHealth.Ready or NodeHealth.Suspect or NodeHealth.Probing)
                yield return (targets.Model[i], targets.Runtime[i], nodes.SampledAtTicks[node], nodes.Registration[node].Synthetic);
        }
    }

    private sealed record Listing(IReadOnlyList<ServedModel> Models, long ReadAt);
}
