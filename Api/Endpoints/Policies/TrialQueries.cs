using InferMesh.Api.Decisions;
using InferMesh.Api.Endpoints.Routing;
using InferMesh.Api.Http;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>Requests on which something is tried: given ones, and those that this API has decided of late.</summary>
/// <param name="Queries">Given ones first.</param>
/// <param name="Ids">Decision of each; "" for given ones.</param>
internal sealed record TrialQueries(RouteQuery[] Queries, string[] Ids)
{
    public const int MaxRecent = 200;
    public const int MaxRequests = 100;

    /// <summary>Trials go to any silo: keys only spread the calls.</summary>
    public const int Routers = 64;

    private const int DefaultRecent = 100;

    public static TrialQueries Read(BodyReader reader, int? recent, IReadOnlyList<RouteBody?>? requests, DecisionLog decisions, ApiLocation here)
    {
        if (recent is < 0 or > MaxRecent) reader.Refuse("recent", $"must be 0 to {MaxRecent}.");
        if (requests is { Count: > MaxRequests }) reader.Refuse("requests", $"must have at most {MaxRequests} requests.");
        RouteQuery[] typed = [.. (requests ?? []).Take(MaxRequests).Select(r => (r ?? new()).Read(reader, here.Current, dryRun: true))];
        RecentDecision[] decided = [.. decisions.Recent.Take(Math.Clamp(recent ?? (typed.Length > 0 ? 0 : DefaultRecent), 0, MaxRecent))];
        return new([.. typed, .. decided.Select(r => r.Query with { Waited = TimeSpan.Zero })], [.. Enumerable.Repeat("", typed.Length), .. decided.Select(r => r.Decision.DecisionId)]);
    }
}
