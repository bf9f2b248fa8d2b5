using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using InferMesh.Api.Options;
using InferMesh.Api.Problems;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Security;

/// <summary>With admin keys a caller needs one of them; without, it must be on this machine and no web page of another site.</summary>
internal sealed class MutationGuard(IOptionsMonitor<ApiSettings> settings) : IMutationGuard
{
    public const string KeyHeader = PresentedKey.HeaderName;

    public bool Allowed(HttpContext context, [NotNullWhen(false)] out ProblemDetails? problem)
    {
        var keys = settings.CurrentValue.AdminKeys;
        problem = keys.Count > 0 ? CheckKey(context.Request, keys) : CheckCaller(context);
        return problem is null;
    }

    private static ProblemDetails? CheckKey(HttpRequest request, IList<string> keys)
    {
        if ((PresentedKey.Bearer(request) ?? PresentedKey.Header(request)) is not { } presented)
            return Unauthorized($"This call changes the mesh: send an admin key as \"Authorization: Bearer KEY\" or \"{KeyHeader}: KEY\".");

        // Hashes have one length and every key is compared, so the time tells nothing about the keys.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(presented));
        var known = false;
        foreach (var key in keys)
            known |= CryptographicOperations.FixedTimeEquals(hash, SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return known ? null : Unauthorized("The admin key is not known.");
    }

    private static ProblemDetails? CheckCaller(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address))
            return Forbidden("the caller is not on this machine");
        // A proxy on this machine speaks for callers that may be anywhere.
        if (headers.ContainsKey("X-Forwarded-For") || headers.ContainsKey("Forwarded"))
            return Forbidden("the call came through a proxy");
        // A web page that the operator has open must not be able to change the mesh through the operator's browser.
        if (!IsLocalName(context.Request.Host.Host) || IsForeignOrigin(context.Request))
            return Forbidden("the call came from a web page of another site");
        return null;
    }

    private static bool IsLocalName(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _)
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsForeignOrigin(HttpRequest request)
    {
        var origin = request.Headers[HeaderNames.Origin].ToString();
        return origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private static ProblemDetails Unauthorized(string detail) => Problem.Of(StatusCodes.Status401Unauthorized, "unauthorized", "An admin key is needed", detail);

    private static ProblemDetails Forbidden(string reason) => Problem.Of(
        StatusCodes.Status403Forbidden, "forbidden", "Only callers on this machine may change the mesh",
        $"No admin keys are configured ({ApiSettings.Section}:{nameof(ApiSettings.AdminKeys)}), and {reason}.");
}
