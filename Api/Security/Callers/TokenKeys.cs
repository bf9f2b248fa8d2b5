using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace InferMesh.Api.Security.Callers;

/// <summary>Public keys of an issuer from a file: PEM blocks or a JWKS document.</summary>
internal static class TokenKeys
{
    private const int MinRsaBits = 2048;

    /// <summary>What is wrong with a file; null when nothing is.</summary>
    public static string? Problem(string path)
    {
        try
        {
            return Read(path).Count > 0 ? null : $"\"{path}\" has no public key";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return $"\"{path}\" must be a file with public keys, PEM or JWKS: {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    /// <summary>The keys.</summary>
    /// <exception cref="ArgumentException">There is one that must not sign tokens.</exception>
    /// <exception cref="CryptographicException">There is one that cannot be read.</exception>
    public static IReadOnlyList<SecurityKey> Read(string path)
    {
        var text = File.ReadAllText(path);
        IReadOnlyList<SecurityKey> keys = text.TrimStart().StartsWith('{') ? [.. new JsonWebKeySet(text).Keys] : [.. Pem(text)];
        foreach (var key in keys) Check(key);
        return keys;
    }

    private static IEnumerable<SecurityKey> Pem(string text)
    {
        for (var rest = text; PemEncoding.TryFind(rest, out var block); rest = rest[block.Location.End..])
        {
            if (!rest[block.Label].Contains("PUBLIC KEY", StringComparison.Ordinal)) throw new ArgumentException($"a block \"{rest[block.Label]}\" is no public key");
            yield return Import(rest[block.Location]);
        }
    }

    private static SecurityKey Import(string pem)
    {
        try
        {
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            var ec = ECDsa.Create();
            ec.ImportFromPem(pem);
            return new ECDsaSecurityKey(ec);
        }
    }

    // A secret in the place of a public key would let everybody who may check tokens make them.
    private static void Check(SecurityKey key)
    {
        if (key is JsonWebKey { Kty: not ("RSA" or "EC") } other) throw new ArgumentException($"a key of type \"{other.Kty}\" must not sign tokens: RSA or EC");
        if (key is JsonWebKey { HasPrivateKey: true }) throw new ArgumentException("the file has a private key: give it the public ones only");
        if (key is RsaSecurityKey or JsonWebKey { Kty: "RSA" } && key.KeySize < MinRsaBits) throw new ArgumentException($"an RSA key of {key.KeySize} bits is too short: at least {MinRsaBits}");
    }
}
