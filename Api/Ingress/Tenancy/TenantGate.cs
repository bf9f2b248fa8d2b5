using System.Globalization;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Tenancy;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Ingress.Tenancy;

/// <summary>Asks for the budget of a request before it is sent, and settles it when it is over. Requests of tenants without limits pass without a call.</summary>
internal sealed class TenantGate(LimitedTenants limited, TenantCalls calls, IOptionsMonitor<IngressSettings> settings)
{
    /// <summary>Lets a request in or says why not.</summary>
    public async Task<TenantPass> EnterAsync(HttpContext context, RouteQuery query)
    {
        if (RequestHeaders.ReadText(context, RequestHeaders.Project, out var project) is { } badProject) return TenantPass.Refused(OpenAiError.BadRequest(badProject), "invalid");
        if (context.Caller().Scope.Project is { Length: > 0 } own) project = own;
        if (query.Tenant.Length == 0 || !await limited.MayContainAsync(query.Tenant, context.RequestAborted)) return TenantPass.Unlimited;
        var (prompt, output) = Estimate(context.Request.Path, query);
        var request = new TenantRequest
        {
            Tenant = query.Tenant,
            Project = project,
            KeyId = context.Caller().KeyId is { Length: > 0 } id ? id : KeyIds.Of(context.Request),
            Model = query.Model,
            PromptTokens = prompt,
            OutputTokens = output,
        };
        var verdict = await calls.ReserveAsync(request, context.RequestAborted);
        Stamp(context.Response.Headers, verdict);
        return verdict.Status switch
        {
            TenantVerdictStatus.Granted => new(calls, verdict.Id, request),
            TenantVerdictStatus.Unlimited => TenantPass.Unlimited,
            TenantVerdictStatus.Refused => TenantPass.Refused(OpenAiError.Busy(Describe(verdict, request), "quota_exceeded", verdict.RetryAfter), "quota_exceeded"),
            _ => TenantPass.Refused(OpenAiError.Unavailable($"The budget of tenant '{query.Tenant}' cannot be read now.", "quota_unavailable", verdict.RetryAfter), "quota_unavailable"),
        };
    }

    /// <summary>Tokens that a request may cost. Only what generates has an answer in tokens, and to count tokens costs none.</summary>
    private (int Prompt, int Output) Estimate(PathString path, RouteQuery query)
    {
        if (path.Value is not { } text || text.EndsWith("tokenize", StringComparison.Ordinal)) return (0, 0);
        return (query.PromptTokens, text.EndsWith("/embeddings", StringComparison.Ordinal) ? 0 : query.OutputTokens > 0 ? query.OutputTokens : settings.CurrentValue.DefaultOutputTokens);
    }

    /// <summary>In the form of OpenAI's rate-limit headers.</summary>
    private static void Stamp(IHeaderDictionary headers, TenantVerdict verdict)
    {
        if (verdict.Requests is { } requests)
        {
            headers["x-ratelimit-limit-requests"] = Text(requests.Limit);
            headers["x-ratelimit-remaining-requests"] = Text(requests.Remaining);
        }
        if (verdict.Tokens is { } tokens)
        {
            headers["x-ratelimit-limit-tokens"] = Text(tokens.Limit);
            headers["x-ratelimit-remaining-tokens"] = Text(tokens.Remaining);
        }
    }

    private static string Describe(TenantVerdict verdict, TenantRequest request)
    {
        var (scope, name, kind) = verdict.Limit ?? default;
        var who = scope switch
        {
            TenantScope.Project => $"Project '{name}' of tenant '{request.Tenant}'",
            TenantScope.Key => $"Key {name} of tenant '{request.Tenant}'",
            _ => $"Tenant '{request.Tenant}'",
        };
        var what = kind switch
        {
            LimitKind.RequestsPerSecond => "requests per second",
            LimitKind.ConcurrentRequests => "requests in flight",
            LimitKind.TokensPerMinute => $"tokens per minute (this request may need {Text(Tokens(request))})",
            LimitKind.TokensPerDay => $"tokens per day (this request may need {Text(Tokens(request))})",
            _ => "money per day",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{who} has not enough left of its limit of {verdict.Allowed} {what}.");
    }

    private static long Tokens(TenantRequest request) => (long)request.PromptTokens + request.OutputTokens;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
