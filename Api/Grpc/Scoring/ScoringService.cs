using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Scoring.V1;
using V1 = InferMesh.Scoring.V1;

namespace InferMesh.Api.Grpc.Scoring;

/// <summary>Decisions for callers that forward requests themselves.</summary>
internal sealed class ScoringService(GrainCalls calls, ApiLocation location) : V1.Scoring.ScoringBase
{
    // Routers are stateless workers; the key only decides over which gateway the call enters the cluster.
    private const uint Keys = 64;

    private static uint s_next;

    public override async Task<ScoreTargetsResponse> ScoreTargets(ScoreTargetsRequest request, ServerCallContext context)
    {
        var query = FromHere(ScoringMapper.ToQuery(request));
        var decision = await calls.RetryAsync(grains => Router(grains).DryRun(query).AsTask(), context.CancellationToken);
        return decision.Status switch
        {
            RouteStatus.Routed => ScoringMapper.ToProto(decision, request.TimeoutSeconds),
            RouteStatus.ModelUnknown => throw RpcErrors.NotFound("model", request.Model),
            RouteStatus.Overloaded => throw RpcErrors.Exhausted("All nodes that serve this model are full.", "OVERLOADED", decision.RetryAfter),
            RouteStatus.QuotaExceeded => throw RpcErrors.Exhausted("The quota of requests in flight is used up.", "QUOTA_EXCEEDED", decision.RetryAfter),
            RouteStatus.Forbidden => throw RpcErrors.Forbidden("A security policy does not allow this tenant to use this model."),
            RouteStatus.Invalid => throw ScoringMapper.Invalid(decision),
            _ => throw RpcErrors.Precondition(ScoringMapper.Exclusions(decision, request.Model)),
        };
    }

    public override async Task<AdmitResponse> Admit(AdmitRequest request, ServerCallContext context)
    {
        var query = FromHere(ScoringMapper.ToQuery(request));
        // A try whose answer is lost may have reserved a place; its lease gives it back.
        var decision = await calls.RetryAsync(grains => Router(grains).Route(query).AsTask(), context.CancellationToken);
        return decision.Status == RouteStatus.Invalid ? throw ScoringMapper.Invalid(decision) : ScoringMapper.ToAdmission(decision);
    }

    public override async Task<ReportOutcomeResponse> ReportOutcome(ReportOutcomeRequest request, ServerCallContext context)
    {
        var outcome = ScoringMapper.ToOutcome(request);
        var settled = await calls.OnceAsync(grains => Router(grains).Report(outcome).AsTask(), context.CancellationToken);
        return settled ? new ReportOutcomeResponse() : throw RpcErrors.NotFound("open reservation", request.AdmissionToken);
    }

    public override async Task<HealthCheckResponse> HealthCheck(HealthCheckRequest request, ServerCallContext context)
    {
        var status = await calls.RetryAsync(grains => Router(grains).Status().AsTask(), context.CancellationToken);
        var reason = status.TableVersion == 0 ? "There is no routing table yet." : status.ReadyNodes == 0 ? "No node is ready." : "";
        return new HealthCheckResponse { Serving = reason.Length == 0, Reason = reason, Models = status.Models, Nodes = status.Nodes };
    }

    private RouteQuery FromHere(RouteQuery query)
    {
        var here = location.Current;
        return query with { OriginZone = here.Zone, OriginRegion = here.Region, Api = here };
    }

    private static IRouterGrain Router(IGrainFactory grains) => grains.GetGrain<IRouterGrain>(Interlocked.Increment(ref s_next) % Keys);
}
