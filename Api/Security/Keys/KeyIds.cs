using System.Security.Cryptography;
using System.Text;

namespace InferMesh.Api.Security.Keys;

/// <summary>Ids by which budgets know keys. The key itself goes nowhere.</summary>
internal static class KeyIds
{
    private const int IdBytes = 8;

    /// <summary>The first 16 hex digits of the SHA-256 of a key.</summary>
    public static string Of(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, IdBytes));

    /// <summary>That of the key in <c>Authorization: Bearer</c> or <c>x-api-key</c>; "" when there is none.</summary>
    public static string Of(HttpRequest request) => (PresentedKey.Bearer(request) ?? PresentedKey.Header(request)) is { Length: > 0 } key ? Of(key) : "";
}
