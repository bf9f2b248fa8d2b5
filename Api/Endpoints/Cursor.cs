using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using InferMesh.Api.Http;

namespace InferMesh.Api.Endpoints;

/// <summary>
/// Where a page ended: the last id, in a form that does not invite to build one. Going on after an id is stable: entries that come and go
/// on earlier pages shift nothing.
/// </summary>
internal static class Cursor
{
    private const string Version = "1:";

    public static string After(string id) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Version + id));

    public static bool TryRead(string cursor, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (cursor.Length > 512 || !Base64Url.IsValid(cursor)) return false;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        if (!text.StartsWith(Version, StringComparison.Ordinal) || !Names.IsValid(text[Version.Length..])) return false;
        id = text[Version.Length..];
        return true;
    }
}
