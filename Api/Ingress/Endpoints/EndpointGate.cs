using System.Security.Cryptography;
using System.Text;
using InferMesh.Api.Security;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>Who may call an endpoint.</summary>
internal static class EndpointGate
{
    /// <summary>Why the request may not; null when it may. A key that opened the endpoint is taken out of the request: it is none of a runtime's business.</summary>
    public static OpenAiError? Check(ServingEndpoint endpoint, HttpContext context, string tenant)
    {
        if (!endpoint.Keys.IsEmpty && CheckKey(endpoint, context) is { } error) return error;
        if (endpoint.Spec.Auth is not { } auth) return null;
        if (tenant.Length == 0) return auth.RequireTenant || auth.AllowedTenants.Count > 0 ? OpenAiError.Forbidden($"Endpoint '{endpoint.Name}' serves requests that name a tenant only.") : null;
        return auth.AllowedTenants.Count == 0 || auth.AllowedTenants.Contains(tenant) ? null : OpenAiError.Forbidden($"Endpoint '{endpoint.Name}' does not serve this tenant.");
    }

    private static OpenAiError? CheckKey(ServingEndpoint endpoint, HttpContext context)
    {
        var (bearer, header) = (PresentedKey.Bearer(context.Request), PresentedKey.Header(context.Request));
        if (bearer is not null && Opens(endpoint, bearer))
        {
            context.Request.Headers.Remove(HeaderNames.Authorization);
            return null;
        }
        if (header is not null && Opens(endpoint, header)) return null;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return OpenAiError.Unauthorized(bearer is null && header is null
            ? $"Endpoint '{endpoint.Name}' needs a key: send it as \"Authorization: Bearer KEY\"."
            : $"The key does not open endpoint '{endpoint.Name}'.");
    }

    private static bool Opens(ServingEndpoint endpoint, string key)
    {
        // Every key is compared, so the time tells nothing about them.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        var known = false;
        foreach (var allowed in endpoint.Keys) known |= CryptographicOperations.FixedTimeEquals(hash, allowed);
        return known;
    }
}
