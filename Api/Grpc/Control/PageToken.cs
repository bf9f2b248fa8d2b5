using System.Buffers.Text;
using System.Text;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Where the next page begins. Opaque to callers, so that its content may change.</summary>
internal static class PageToken
{
    private const string Prefix = "after:";

    public static string Write(string lastId) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Prefix + lastId));

    /// <summary>False when the token is none of ours. An empty one begins at the start.</summary>
    public static bool TryRead(string token, out string lastId)
    {
        lastId = "";
        if (token.Length == 0) return true;
        if (!Base64Url.IsValid(token)) return false;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        lastId = text[Prefix.Length..];
        return true;
    }
}
