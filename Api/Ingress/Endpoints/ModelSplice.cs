namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>Puts another model's name into a body and leaves every other byte as it is.</summary>
internal static class ModelSplice
{
    private static ReadOnlySpan<byte> Key => "\"model\":"u8;

    /// <param name="body">A JSON object.</param>
    /// <param name="value">Where the value of <c>model</c> stands; empty at the place where it would be the first one of a body without it.</param>
    /// <param name="json">The new value, as JSON.</param>
    public static byte[] Into(ReadOnlySpan<byte> body, Range value, ReadOnlySpan<byte> json)
    {
        var (at, length) = value.GetOffsetAndLength(body.Length);
        if (length > 0) return [.. body[..at], .. json, .. body[(at + length)..]];
        var rest = body[at..];
        return rest.TrimStart(" \t\r\n"u8).StartsWith("}"u8) ? [.. body[..at], .. Key, .. json, .. rest] : [.. body[..at], .. Key, .. json, (byte)',', .. rest];
    }
}
