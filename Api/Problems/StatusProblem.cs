using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Problems;

/// <summary>Problem details for a status that comes without any.</summary>
internal static class StatusProblem
{
    public static ProblemDetails Of(int status, string? detail = null)
    {
        var (type, title, usual) = status switch
        {
            400 => ("invalid", "The input is not valid", "The request cannot be understood."),
            404 => ("not-found", "Not found", "There is nothing at this path; see /openapi/v1.json for the paths that there are."),
            405 => ("method-not-allowed", "Method not allowed", "The path exists, but not with this method; the Allow header names those it has."),
            408 => ("timeout", "The request came too slowly", "Send the whole body without long pauses."),
            413 => ("too-large", "The body is too large", "Calls under /api take at most 1 MiB, a strategy plugin 8 MiB, a restore 64 MiB."),
            415 => ("unsupported-media-type", "The body has the wrong type", "Send the body with \"Content-Type: application/json\"."),
            500 => ("internal", "Something is broken here", "The log of the API has the reason under this trace id."),
            _ => ("http-" + status, Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), ""),
        };
        return Problem.Of(status, type, title, detail ?? usual);
    }
}
