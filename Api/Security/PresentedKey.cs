namespace InferMesh.Api.Security;

/// <summary>Where callers put their keys.</summary>
internal static class PresentedKey
{
    public const string HeaderName = "x-api-key";
    private const string BearerScheme = "Bearer ";

    /// <summary>The key of <c>Authorization: Bearer KEY</c>; null when there is none.</summary>
    public static string? Bearer(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase) ? authorization[BearerScheme.Length..].Trim() : null;
    }

    /// <summary>The key of <c>x-api-key: KEY</c>; null when there is none.</summary>
    public static string? Header(HttpRequest request) => request.Headers[HeaderName].ToString() is { Length: > 0 } key ? key : null;
}
