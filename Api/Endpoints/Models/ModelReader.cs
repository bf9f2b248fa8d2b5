using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Api.Endpoints.Models;

/// <summary>Reads models: what nodes serve, beside what is registered.</summary>
internal sealed class ModelReader(GrainCalls calls, FleetReader fleet)
{
    /// <summary>Every model that is served or registered, by name.</summary>
    public async Task<IReadOnlyList<ModelView>> ListAsync(CancellationToken cancellationToken)
    {
        var listing = await calls.RetryAsync(g => g.GetGrain<IModelIndexGrain>(IModelIndexGrain.Key).List(), cancellationToken);
        var statuses = (await StatusAsync("", cancellationToken)).ToDictionary(s => s.Name, StringComparer.Ordinal);
        var registered = listing.Models.Where(m => !m.Deleted).ToDictionary(m => m.Name, m => RegistrationView.Of(m, statuses.GetValueOrDefault(m.Name)), StringComparer.Ordinal);
        var served = ModelView.Of(await fleet.ReadAsync(cancellationToken));
        var idle = registered.Keys.Except(served.Select(m => m.Name)).Select(ModelView.Idle);
        return [.. served.Concat(idle).Select(m => m with { Registration = registered.GetValueOrDefault(m.Name) }).OrderBy(m => m.Name, StringComparer.Ordinal)];
    }

    /// <summary>One model; null when it is neither served nor registered.</summary>
    public async Task<ModelView?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var served = ModelView.Of(await fleet.ReadAsync(cancellationToken), name) is [var model] ? model : null;
        if (await calls.RetryAsync(g => g.GetGrain<IModelGrain>(name).Get(), cancellationToken) is not { } registered) return served;
        var coldStarts = await calls.RetryAsync(g => g.GetGrain<IModelGrain>(name).ColdStarts(), cancellationToken);
        return (served ?? ModelView.Idle(name)) with { Registration = RegistrationView.Of(registered, await StatusAsync(name, cancellationToken) is [var status] ? status : null, coldStarts) };
    }

    private Task<IReadOnlyList<ModelStatus>> StatusAsync(string name, CancellationToken cancellationToken) =>
        calls.RetryAsync(g => g.GetGrain<IModelPlannerGrain>(IModelPlannerGrain.Key).Status(name), cancellationToken);
}
