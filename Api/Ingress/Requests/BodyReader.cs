using Microsoft.AspNetCore.Http.Features;

namespace InferMesh.Api.Ingress.Requests;

/// <summary>Reads a request body once, up to a limit.</summary>
internal static class BodyReader
{
    // A client may announce a large body and never send it: memory follows what has arrived.
    private const int MostAnnouncedBytes = 256 * 1024;

    // Of a body of unknown length, as some clients send all of theirs: most are short.
    private const int FirstBufferBytes = 4 * 1024;

    /// <summary>The whole body, or null when it is larger than <paramref name="maxBytes"/>.</summary>
    /// <remarks>Not pooled: a cancelled attempt may still be sending from it when the request is over.</remarks>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, int maxBytes)
    {
        // The limit is checked here, so that its answer has the form that clients of this API expect. With a limit of its own the server would reset the connection of a client that is
        // still sending, which then never sees that answer; without one it throws away what comes, for a few seconds.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server) server.MaxRequestBodySize = null;
        var announced = context.Request.ContentLength;
        if (announced > maxBytes) return null;

        var buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(announced ?? FirstBufferBytes, MostAnnouncedBytes));
        var length = 0;
        while (length != announced)
        {
            if (length == buffer.Length)
            {
                if (length > maxBytes) return null;
                // One byte more than the limit is enough to know that there is too much.
                var wanted = Math.Min(buffer.Length * 2L, maxBytes + 1L);
                Array.Resize(ref buffer, (int)Math.Min(wanted, announced ?? wanted));
            }
            var read = await context.Request.Body.ReadAsync(buffer.AsMemory(length), context.RequestAborted);
            if (read == 0) break;
            length += read;
        }
        // Not as a conditional expression: there null would become an empty memory.
        if (length > maxBytes) return null;
        return buffer.AsMemory(0, length);
    }
}
