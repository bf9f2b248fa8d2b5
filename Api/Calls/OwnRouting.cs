using InferMesh.Api.Decisions;
using InferMesh.Api.Ingress;
using InferMesh.Api.Ingress.Tenancy;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Calls;

/// <summary>Decisions for callers that send their requests themselves, for all planes: within their tenant's budget, and with as much of the reasons as they may see.</summary>
internal sealed class OwnRouting(GrainCalls calls, DecisionLog decisions, TenantGate tenants)
{
    /// <summary>
    /// Decides and reserves. What the request uses nobody will tell, so its estimate is charged at once; places are counted by the reservation.
    /// </summary>
    /// <param name="context">The call.</param>
    /// <param name="query">What is to be decided, for the caller's own tenant.</param>
    /// <param name="source">By which plane it came.</param>
    /// <returns>The decision; or why the tenant's budget does not allow one.</returns>
    public async Task<(RouteDecision? Decision, OpenAiError? Refusal)> RouteAsync(HttpContext context, RouteQuery query, DecisionSource source)
    {
        var pass = await tenants.EnterAsync(context, query);
        if (pass.Refusal is { } refusal) return (null, refusal);
        var isRouted = false;
        try
        {
            // A lost answer leaves a reservation that ends with its lease, so the call may be repeated.
            var decision = await calls.AnyRouterAsync(r => r.Route(query), context.RequestAborted);
            decisions.Take(source, query, decision);
            isRouted = decision.Status == RouteStatus.Routed;
            return (Shown(context.Caller(), decision), null);
        }
        finally
        {
            pass.SettleEstimate(isRouted);
        }
    }

    /// <summary>Settles what the caller's tenant has reserved; false when that is not open.</summary>
    public async Task<bool> ReportAsync(HttpContext context, RouteOutcome outcome)
    {
        var own = outcome with { Tenant = context.Caller().Scope.OnlyTenant };
        var attempts = 0;
        var settled = await calls.RetryAsync(
            grains =>
            {
                attempts++;
                return grains.GetGrain<IRouterGrain>(Random.Shared.Next(Routers)).Report(own).AsTask();
            },
            context.RequestAborted);
        if (settled) decisions.Settle(own);
        // After a lost answer, "not open" may only mean that the first attempt settled it.
        return settled || attempts > 1;
    }

    /// <summary>A decision as a caller may see it: nodes that were ruled out, policies and silos are the mesh's own.</summary>
    public static RouteDecision Shown(Caller caller, RouteDecision decision) =>
        caller.Has(Permission.RoutingExplain) ? decision : decision with { Excluded = [], Policies = [], Silo = "" };

    // Routers are stateless workers; the key only decides over which gateway the call enters the cluster.
    private const int Routers = 64;
}
