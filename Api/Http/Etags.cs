using System.Globalization;
using InferMesh.Api.Problems;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace InferMesh.Api.Http;

/// <summary>Entity tags: of a policy its version in quotes.</summary>
internal static class Etags
{
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>Answers a read: 304 when the client knows the tag, otherwise the view with the tag.</summary>
    public static IResult Answer<T>(HttpContext context, string etag, Func<T> view)
    {
        if (Matches(context.Request, etag) is not { } known) return new ProblemResult(Problem.Invalid("If-None-Match", "must be * or entity tags."));
        context.Response.Headers.ETag = etag;
        return known ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(view());
    }

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
