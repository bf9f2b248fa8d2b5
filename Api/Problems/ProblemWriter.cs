using System.Diagnostics;
using InferMesh.Api.Http;
using InferMesh.Api.Security.Keys;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Problems;

/// <summary>Writes problem details, whatever the caller accepts: an error in another shape would be none the better.</summary>
internal static class ProblemWriter
{
    public const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpContext context, ProblemDetails problem, TimeSpan? retryAfter = null)
    {
        var response = context.Response;
        // Who handles an exception clears the headers first.
        SecurityHeaders.Set(context);
        SecurityHeaders.SetPrivate(response.Headers);
        response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        if (response.StatusCode == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer realm=\"infermesh\"";
        if (response.StatusCode is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            response.Headers.RetryAfter = Seconds(retryAfter ?? TimeSpan.FromSeconds(1));
        problem.Instance = ApiKeyText.Masked(problem.Instance ?? context.Request.Path);
        problem.Detail = problem.Detail is { } detail ? ApiKeyText.Masked(detail) : null;
        if (Activity.Current?.TraceId is { } trace) problem.Extensions["traceId"] = trace.ToHexString();
        return response.WriteAsJsonAsync(problem, options: null, ContentType, context.RequestAborted);
    }

    // Retry-After is whole seconds; 0 would invite a tight loop.
    private static string Seconds(TimeSpan wait) => Math.Clamp((long)Math.Ceiling(wait.TotalSeconds), 1, 3600).ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Problem details as the result of a handler.</summary>
internal sealed class ProblemResult(ProblemDetails problem, TimeSpan? retryAfter = null) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => ProblemWriter.WriteAsync(httpContext, problem, retryAfter);
}
