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
    private const int MaxLength = 512;

    public static string After(string id) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Version + id));

    public static bool TryRead(string cursor, [NotNullWhen(true)] out string? id) => TryRead(cursor, Names.IsValid, out id);

    /// <param name="cursor">What a caller gave.</param>
    /// <param name="isId">Whether a text is an id of the list.</param>
    /// <param name="id">The id.</param>
    public static bool TryRead(string cursor, Func<string, bool> isId, [NotNullWhen(true)] out string? id)
    {
        id = null;
        if (cursor.Length > MaxLength || !Base64Url.IsValid(cursor)) return false;
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        if (!text.StartsWith(Version, StringComparison.Ordinal) || !isId(text[Version.Length..])) return false;
        id = text[Version.Length..];
        return true;
    }
}
