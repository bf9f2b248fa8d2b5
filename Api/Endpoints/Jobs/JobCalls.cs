using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>What commands on jobs need.</summary>
internal sealed record JobAccess(GrainCalls Calls, OwnReader Own);

/// <summary>Calls of a job's grain that several routes make.</summary>
internal static class JobCalls
{
    /// <summary>The job; null when there is none, also when the id has no form of one.</summary>
    public static async Task<MeshJob?> JobAsync(this GrainCalls calls, string id, CancellationToken cancellationToken) =>
        Names.IsValid(id) ? await calls.RetryAsync(g => g.GetGrain<IJobGrain>(id).Get(), cancellationToken) : null;

    /// <summary>Why the state of a job forbids a call.</summary>
    public static string Reason(this JobResult result) =>
        result.Errors.Count == 0 ? "The state of the job forbids it." : string.Join(" ", result.Errors.Select(e => e.Message));
}
