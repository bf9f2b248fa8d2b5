using System.Diagnostics;
using InferMesh.Api.Calls;
using InferMesh.Api.Ingress.Tunnels;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;
using Microsoft.AspNetCore.Http.Features;

namespace InferMesh.Api.Security.Audit;

/// <summary>What a call knows of itself that its address does not say.</summary>
internal sealed class AuditNotes
{
    /// <summary>What the call is about.</summary>
    public string Subject { get; set; } = "";

    /// <summary>Why it was refused.</summary>
    public string Reason { get; set; } = "";

    /// <summary>Those of a request.</summary>
    public static AuditNotes Of(HttpContext context)
    {
        if (context.Features.Get<AuditNotes>() is { } notes) return notes;
        context.Features.Set(notes = new());
        return notes;
    }
}

/// <summary>Writes calls that change the mesh, and those that are denied, into the audit: after they are over, from what everybody could see of them.</summary>
internal sealed class AuditMiddleware(RequestDelegate next, AuditTrail trail)
{
    private const int MaxText = 256;

    public async Task InvokeAsync(HttpContext context)
    {
        int? failed = null;
        try
        {
            await next(context);
        }
        catch (Exception e)
        {
            failed = e switch
            {
                MeshUnavailableException => StatusCodes.Status503ServiceUnavailable,
                BadHttpRequestException bad => bad.StatusCode,
                _ => StatusCodes.Status500InternalServerError,
            };
            throw;
        }
        finally
        {
            Record(context, failed ?? StatusOf(context));
        }
    }

    private void Record(HttpContext context, int status)
    {
        var needs = context.GetEndpoint()?.Metadata.GetMetadata<NeedsAttribute>()?.Permission;
        var reason = AuditNotes.Of(context).Reason;
        if (status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden || (status == StatusCodes.Status429TooManyRequests && reason.Length > 0))
        {
            // On the data plane a runtime may have refused.
            if (needs != Permission.Infer || reason.Length > 0) trail.Denied(Entry(context, status));
        }
        else if (needs?.IsChange() == true)
        {
            trail.Called(Entry(context, status));
        }
    }

    private static AuditEntry Entry(HttpContext context, int status)
    {
        var (caller, notes) = (context.Caller(), AuditNotes.Of(context));
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? context.Request.Path.Value ?? "";
        var subject = notes.Subject.Length > 0 ? notes.Subject
            : context.Request.RouteValues.Values.OfType<string>().FirstOrDefault() ?? Made(context.Response);
        return new(
            Actor.Of(context.Request).Name, caller.Kind.ToString().ToLowerInvariant(), caller.Scope.Tenant, Short(context.Request.ContentType?.StartsWith(GrpcStatus.ContentType, StringComparison.OrdinalIgnoreCase) == true ? route : $"{context.Request.Method} {route}"),
            Short(subject), status, Short(notes.Reason), context.Connection.RemoteIpAddress?.ToString() ?? "", Activity.Current?.TraceId.ToHexString() ?? "");
    }

    /// <summary>What a call made: the last part of its address.</summary>
    private static string Made(HttpResponse response) => response.Headers.Location.ToString() is { Length: > 0 } location ? location[(location.LastIndexOf('/') + 1)..] : "";

    // gRPC answers 200 and says at the end what became of the call.
    private static int StatusOf(HttpContext context)
    {
        var code = context.Response.Headers[GrpcStatus.Code].ToString();
        if (code.Length == 0) code = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers[GrpcStatus.Code].ToString() ?? "";
        return code.Length == 0 ? context.Response.StatusCode : GrpcStatus.ToHttp(code);
    }

    // What callers send goes into lines and events: no control characters, and an end.
    private static string Short(string text)
    {
        text = ApiKeyText.Masked(text);
        var clean = text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) : text;
        return clean.Length <= MaxText ? clean : clean[..MaxText];
    }
}
