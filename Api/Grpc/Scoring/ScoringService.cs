using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Decisions;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Scoring.V1;
using V1 = InferMesh.Scoring.V1;

namespace InferMesh.Api.Grpc.Scoring;

/// <summary>Decisions for callers that forward requests themselves.</summary>
internal sealed class ScoringService(GrainCalls calls, ApiLocation location, OwnRouting routing) : V1.Scoring.ScoringBase
{
    [Needs(Permission.Infer)]
    public override async Task<ScoreTargetsResponse> ScoreTargets(ScoreTargetsRequest request, ServerCallContext context)
    {
        var query = FromHere(Owned(ScoringMapper.ToQuery(request), context));
        var decision = OwnRouting.Shown(context.GetHttpContext().Caller(), await calls.AnyRouterAsync(r => r.DryRun(query), context.CancellationToken));
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

    [Needs(Permission.Infer)]
    public override async Task<AdmitResponse> Admit(AdmitRequest request, ServerCallContext context)
    {
        var query = FromHere(Owned(ScoringMapper.ToQuery(request), context));
        var (decision, refusal) = await routing.RouteAsync(context.GetHttpContext(), query, DecisionSource.Grpc);
        if (refusal is not null)
        {
            throw refusal.Status switch
            {
                StatusCodes.Status429TooManyRequests => RpcErrors.Exhausted(refusal.Message, "QUOTA_EXCEEDED", refusal.RetryAfter ?? TimeSpan.Zero),
                StatusCodes.Status503ServiceUnavailable => RpcErrors.Unavailable(refusal.Message),
                _ => RpcErrors.Invalid([new() { Field = refusal.Param ?? "", Description = refusal.Message }]),
            };
        }
        return decision!.Status == RouteStatus.Invalid ? throw ScoringMapper.Invalid(decision) : ScoringMapper.ToAdmission(decision);
    }

    [Needs(Permission.Infer)]
    public override async Task<ReportOutcomeResponse> ReportOutcome(ReportOutcomeRequest request, ServerCallContext context)
    {
        return await routing.ReportAsync(context.GetHttpContext(), ScoringMapper.ToOutcome(request)) ? new ReportOutcomeResponse() : throw RpcErrors.NotFound("open reservation", request.AdmissionToken);
    }

    [Needs(Permission.Infer)]
    public override async Task<HealthCheckResponse> HealthCheck(HealthCheckRequest request, ServerCallContext context)
    {
        var status = await calls.AnyRouterAsync(r => r.Status(), context.CancellationToken);
        var reason = status.TableVersion == 0 ? "There is no routing table yet." : status.ReadyNodes == 0 ? "No node is ready." : "";
        return new HealthCheckResponse { Serving = reason.Length == 0, Reason = reason, Models = status.Models, Nodes = status.Nodes };
    }

    /// <summary>The query, of the caller's own tenant.</summary>
    /// <exception cref="RpcException">It names another.</exception>
    private static RouteQuery Owned(RouteQuery query, ServerCallContext context)
    {
        var owner = Ownership.Of(context.GetHttpContext().Caller(), query.Tenant, "");
        return owner.Refusal is { } foreign ? throw RpcErrors.Refused(StatusCodes.Status403Forbidden, foreign) : query with { Tenant = owner.Tenant };
    }

    private RouteQuery FromHere(RouteQuery query)
    {
        var here = location.Current;
        return query with { OriginZone = here.Zone, OriginRegion = here.Region, Api = here };
    }
}
