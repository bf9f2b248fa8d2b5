using System.Security.Cryptography;
using System.Text;
using InferMesh.Api.Security;

namespace InferMesh.Api.Ingress.Tenancy;

/// <summary>Who calls, by the key that it shows. The key itself goes nowhere.</summary>
internal static class CallerKey
{
    private const string BearerScheme = "Bearer ";
    private const int IdBytes = 8;

    /// <summary>The first 16 hex digits of the SHA-256 of the key in <c>Authorization: Bearer</c> or <c>x-api-key</c>; "" when there is none.</summary>
    public static string IdOf(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        var key = authorization.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase) ? authorization[BearerScheme.Length..].Trim() : request.Headers[MutationGuard.KeyHeader].ToString();
        return key.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, IdBytes));
    }
}
