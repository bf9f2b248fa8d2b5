namespace InferMesh.Api.Endpoints.Events;

internal static class SseResponse
{
    /// <summary>Headers of a stream of server-sent events that nobody on the way may hold back.</summary>
    public static void Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
    }
}
