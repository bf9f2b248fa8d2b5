using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Audit;
using InferMesh.Api.Security.Callers;

namespace InferMesh.Api.Security.Limits;

/// <summary>Refuses changes of a caller that makes too many, before their bodies are read.</summary>
internal sealed class CallLimitMiddleware(RequestDelegate next, CallLimits limits)
{
    public const string Reason = "rate-limited";

    public Task InvokeAsync(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<NeedsAttribute>()?.Permission.IsChange() == true && limits.Change(context.Caller()) is { } wait
            ? RefuseAsync(context, wait)
            : next(context);

    private static Task RefuseAsync(HttpContext context, TimeSpan wait)
    {
        var problem = Problem.Of(StatusCodes.Status429TooManyRequests, Reason, "Too many changes", $"{context.Caller().Name} changes more than this API lets one caller change; come back later.");
        AuditNotes.Of(context).Reason = problem.Detail!;
        return Refusal.WriteAsync(context, problem, wait);
    }
}
