using InferMesh.Api.Security.Callers;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Endpoints.Events;

internal static class SseResponse
{
    /// <summary>Whether a caller of a page asks for the stream instead.</summary>
    public static bool IsWanted(HttpRequest request) =>
        MediaTypeHeaderValue.TryParseList([.. request.Headers.Accept.OfType<string>()], out var accepted) && accepted.Any(static type => type.MediaType == "text/event-stream");

    /// <summary>Headers of a stream of server-sent events that nobody on the way may hold back.</summary>
    public static void Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>The last event of a stream whose caller would not be let in any more.</summary>
    public static async Task EndAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        await response.WriteAsync($"event: UNAUTHENTICATED\ndata: {{\"detail\":\"{Caller.Ended}\"}}\n\n", cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
