using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Strategies;

namespace InferMesh.Grains.Plugins;

/// <summary>A policy, an endpoint or an arm of an experiment that names a plugin.</summary>
/// <param name="Label">Such as <c>policy/chat</c>.</param>
/// <param name="Version">Version that it names; "" for the one that is enabled.</param>
/// <param name="Routing">How it names it.</param>
internal sealed record PluginUser(string Label, string Version, RoutingSpec Routing)
{
    /// <summary>Parameters of it that a version does not take.</summary>
    public IEnumerable<FieldError> Misfits(string name, PluginVersion version) =>
        StrategyCatalog.Validate(PluginRules.Describe(name, version), Routing.Parameters).Select(e => new FieldError($"{Label}.routing.{e.Field}", e.Message));

    /// <summary>All that name a plugin, as the indexes know them.</summary>
    public static async Task<IReadOnlyList<PluginUser>> FindAsync(IGrainFactory grains, string plugin)
    {
        var policies = (await grains.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).List()).Policies.Select(static p => ($"policy/{p.Name}", p.Spec.Routing));
        var endpoints = (await grains.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key).List()).Endpoints.Select(static e => ($"endpoint/{e.Name}", e.Spec.Routing));
        var experiments = (await grains.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key).List()).Experiments.Where(static e => e.Standing.MayServe)
            .SelectMany(static e => e.Plan.Arms, static (e, arm) => ($"experiment/{e.Name}/{arm.Name}", (RoutingSpec?)arm.ToRouting()));
        var users = new List<PluginUser>();
        foreach (var (label, routing) in policies.Concat(endpoints).Concat(experiments))
        {
            if (routing is not null && PluginReference.Of(routing.Strategy) is { } named && named.Name == plugin) users.Add(new(label, named.Version, routing));
        }
        return users;
    }
}
