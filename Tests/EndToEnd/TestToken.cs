using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd;

/// <summary>An issuer of tokens, as an identity provider is one.</summary>
internal sealed class TestToken : IDisposable
{
    public const string Issuer = "https://login.example";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Its public key, PEM.</summary>
    public string PublicKey => _key.ExportSubjectPublicKeyInfoPem();

    /// <summary>A token (ES256) that is good for an hour over the whole mesh.</summary>
    public string Sign(params string[] roles)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var data = $"{Part(new { alg = "ES256", typ = "JWT" })}.{Part(new { iss = Issuer, aud = "infermesh", sub = "ada", iat = now, nbf = now - 5, exp = now + 3600, roles, tenant = "*" })}";
        return $"{data}.{Base64Url.EncodeToString(_key.SignData(System.Text.Encoding.ASCII.GetBytes(data), HashAlgorithmName.SHA256))}";
    }

    public void Dispose() => _key.Dispose();

    private static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
}
