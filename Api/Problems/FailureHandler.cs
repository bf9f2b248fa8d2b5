using System.Text.Json;
using InferMesh.Api.Calls;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Problems;

/// <summary>Turns what is thrown into problem details: bad input 4xx, a cluster that fails 503, a bug 500 without its stack.</summary>
internal sealed partial class FailureHandler(ILogger<FailureHandler> logger) : IExceptionHandler
{
    private const int ClientClosedRequest = 499;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = ClientClosedRequest;
            return true;
        }
        try
        {
            await ProblemWriter.WriteAsync(httpContext, Explain(exception));
        }
        catch (OperationCanceledException) when (httpContext.RequestAborted.IsCancellationRequested)
        {
            // The caller left between the look above and the answer: nobody reads it, and that is no failure of the server.
        }
        return true;
    }

    private ProblemDetails Explain(Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                return JsonProblem.Of(json);
            case BadHttpRequestException bad:
                return StatusProblem.Of(bad.StatusCode, bad.StatusCode == StatusCodes.Status400BadRequest ? InCallersTerms(bad.Message) : null);
            case IOException:
                // The body broke the rules of HTTP while it was read, and not by a rule that has an exception of its own.
                return StatusProblem.Of(StatusCodes.Status400BadRequest);
            case MeshUnavailableException unavailable:
                return Problem.Unavailable(unavailable.Message);
            default:
                LogBug(exception);
                return StatusProblem.Of(StatusCodes.Status500InternalServerError);
        }
    }

    // The framework's words for a body that is missing or null speak to the programmer of the endpoint.
    private static string InCallersTerms(string message) =>
        message.StartsWith("Implicit body", StringComparison.Ordinal) ? "The body must be a JSON object." : message;

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed for a reason that nobody foresaw")]
    private partial void LogBug(Exception exception);
}
