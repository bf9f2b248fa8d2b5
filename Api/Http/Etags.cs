using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Http;

/// <summary>Entity tags: of a policy its version in quotes.</summary>
internal static class Etags
{
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>Whether If-None-Match names the tag, by the weak comparison that reads use. Null when the header cannot be read.</summary>
    public static bool? Matches(HttpRequest request, string etag)
    {
        var header = request.Headers.IfNoneMatch;
        if (StringValues.IsNullOrEmpty(header)) return false;
        if (!EntityTagHeaderValue.TryParseStrictList([.. header.OfType<string>()], out var tags)) return null;
        var current = EntityTagHeaderValue.Parse(etag);
        return tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: false));
    }
}
