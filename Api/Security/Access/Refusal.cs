using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Ingress;
using InferMesh.Api.Ingress.Protocols;
using InferMesh.Api.Ingress.Tunnels;
using InferMesh.Api.Problems;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Security.Access;

/// <summary>Writes why a request is not let on, in the words of the protocol that it speaks.</summary>
internal static class Refusal
{
    private const string GrpcDetails = "grpc-status-details-bin";
    private static readonly TimeSpan Shortly = TimeSpan.FromSeconds(1);

    /// <param name="context">The request.</param>
    /// <param name="problem">Why: a status of 401, 403, 429 or 503.</param>
    /// <param name="wait">With 429 or 503: when to come back.</param>
    public static Task WriteAsync(HttpContext context, ProblemDetails problem, TimeSpan? wait = null)
    {
        var status = problem.Status ?? StatusCodes.Status403Forbidden;
        if (context.Request.ContentType?.StartsWith(GrpcStatus.ContentType, StringComparison.OrdinalIgnoreCase) == true)
        {
            WriteGrpc(context, Error(status, problem.Detail!, wait ?? Shortly));
            return Task.CompletedTask;
        }
        if (!IsDataPlane(context)) return ProblemWriter.WriteAsync(context, problem, wait);
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        var refusal = status switch
        {
            StatusCodes.Status401Unauthorized => OpenAiError.Unauthorized(problem.Detail!),
            StatusCodes.Status429TooManyRequests => OpenAiError.Busy(problem.Detail!, "rate_limited", wait),
            StatusCodes.Status503ServiceUnavailable => OpenAiError.Unavailable(problem.Detail!, "keys_unavailable"),
            _ => OpenAiError.Forbidden(problem.Detail!),
        };
        return refusal.WriteAsync(context);
    }

    private static RpcException Error(int status, string text, TimeSpan wait) => status switch
    {
        StatusCodes.Status429TooManyRequests => RpcErrors.Exhausted(text, "RATE_LIMITED", wait),
        StatusCodes.Status503ServiceUnavailable => RpcErrors.Unavailable(text),
        _ => RpcErrors.Refused(status, text),
    };

    private static void WriteGrpc(HttpContext context, RpcException error)
    {
        GrpcStatus.End(context, error.StatusCode, error.Status.Detail);
        if (error.Trailers.GetValueBytes(GrpcDetails) is { } details) context.Response.Headers[GrpcDetails] = Convert.ToBase64String(details);
    }

    private static bool IsDataPlane(HttpContext context) =>
        context.GetEndpoint()?.Metadata is { } metadata && (metadata.GetMetadata<IngressProtocol>() is not null
            || (metadata.GetMetadata<NeedsAttribute>()?.Permission == Permission.Infer && !context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)));
}
