using InferMesh.Api.Options;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Audit;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Limits;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Security.Access;

/// <summary>Lets a request on, or says why not.</summary>
internal sealed class AccessAnswers(IOptionsMonitor<SecuritySettings> settings, CallLimits limits) : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
            return;
        }
        var (problem, wait) = await WhyAsync(context);
        AuditNotes.Of(context).Reason = problem.Detail ?? "";
        await Refusal.WriteAsync(context, problem, wait);
    }

    private async Task<(ProblemDetails Problem, TimeSpan? Wait)> WhyAsync(HttpContext context)
    {
        var caller = context.Caller();
        if (caller.IsKnown)
        {
            var needed = context.GetEndpoint()?.Metadata.GetMetadata<NeedsAttribute>()?.Permission.Name() ?? "nothing that anybody has";
            return (Problem.Forbidden($"{caller.Name} may not do this: it needs the permission {needed}, and its roles{(caller.Scope.IsMesh ? "" : $", in {caller.Scope},")} do not have it."), null);
        }
        var failure = (await context.AuthenticateAsync()).Failure?.Message;
        if (failure == KeyCallers.Unavailable) return (Problem.Unavailable(failure), null);
        // Who guesses is told less and less often; a good key opens meanwhile, also from the same address.
        if (failure is not null && limits.FailedSignIn(context.Connection.RemoteIpAddress) is { } wait)
            return (Problem.Of(StatusCodes.Status429TooManyRequests, CallLimitMiddleware.Reason, "Too many failed attempts to sign in", "Too many attempts to sign in failed from this address; come back later."), wait);
        if (failure is null && settings.CurrentValue.Mode == SecurityMode.Development && LocalCaller.Refusal(context) is { } reason)
            return (Problem.Forbidden($"The API is in Development mode ({SecuritySettings.Section}:{nameof(SecuritySettings.Mode)}), and {reason}."), null);
        return (Problem.Of(StatusCodes.Status401Unauthorized, "unauthorized", "The caller must show who it is", failure ?? $"Send a key or a token as \"Authorization: Bearer ...\", or a key as \"{PresentedKey.HeaderName}: ...\"."), null);
    }
}
