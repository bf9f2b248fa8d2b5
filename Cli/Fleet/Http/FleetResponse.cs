namespace InferMesh.Cli.Fleet.Http;

/// <summary>What every answer of a synthetic node has in common.</summary>
internal static class FleetResponse
{
    public const string SyntheticHeader = "x-infermesh-synthetic";

    public static async Task WriteAsync(HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }
}
