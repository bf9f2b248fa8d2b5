using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>An issuer of tokens with two keys, and the tokens that an attacker would make.</summary>
internal sealed class TestTokens : IDisposable
{
    public const string Issuer = "https://login.example";
    public const string Audience = "infermesh";

    private readonly RSA _first = RSA.Create(2048);
    private readonly RSA _second = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _stranger = RSA.Create(2048);
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-jwt-").FullName;

    /// <summary>Public keys as a JWKS document; the key ids are <c>first</c> and <c>second</c>.</summary>
    public string Jwks() => Write("keys.json", JsonSerializer.Serialize(new { keys = new[] { Jwk(_first, "first"), Jwk(_second, "second") } }));

    /// <summary>Public keys in PEM form.</summary>
    public string Pem() => Write("keys.pem", _first.ExportSubjectPublicKeyInfoPem() + "\n" + _ec.ExportSubjectPublicKeyInfoPem() + "\n");

    public string Good(Action<Dictionary<string, object?>>? change = null, string kid = "first") => Sign("RS256", kid, Claims(change), data => _first.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public string GoodEc() => Sign("ES256", null, Claims(null), data => _ec.SignData(data, HashAlgorithmName.SHA256));

    /// <summary>The token of an attack.</summary>
    public string Attack(string attack)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return attack switch
        {
            "no algorithm" => Sign("none", "first", Claims(null), _ => []),
            "no algorithm, other letters" => Sign("nOnE", "first", Claims(null), _ => []),
            "no signature" => Good()[..(Good().LastIndexOf('.') + 1)],
            "another's key" => Sign("RS256", "first", Claims(null), data => _stranger.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "another's key without its name" => Sign("RS256", null, Claims(null), data => _stranger.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "the name of another key" => Good(kid: "second"),
            "the name of no key" => Good(kid: "../../dev/null"),
            "a key that the token brings" => Sign("RS256", "first", Claims(null), data => _stranger.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), ("jwk", Jwk(_stranger, "first"))),
            "HMAC with the public key, PEM" => Hmac(_first.ExportSubjectPublicKeyInfoPem()),
            "HMAC with the public key, PKCS 1" => Hmac(_first.ExportRSAPublicKeyPem()),
            "HMAC with the public key, DER" => Hmac(Encoding.Latin1.GetString(_first.ExportSubjectPublicKeyInfo())),
            "another audience" => Good(c => c["aud"] = "other"),
            "no audience" => Good(c => c.Remove("aud")),
            "another issuer" => Good(c => c["iss"] = "https://evil.example"),
            "no issuer" => Good(c => c.Remove("iss")),
            "expired" => Good(c => c["exp"] = now - 60),
            "no end" => Good(c => c.Remove("exp")),
            "not valid yet" => Good(c => c["nbf"] = now + 3600),
            "changed content" => Changed(),
            "no name" => Good(c => c.Remove("sub")),
            "a tenant with a slash" => Good(c => c["tenant"] = "a/b"),
            "a project of no tenant" => Good(c => c["project"] = "p"),
            "three words" => "a.b.c",
            _ => throw new ArgumentException(attack),
        };
    }

    public void Dispose()
    {
        foreach (var key in new AsymmetricAlgorithm[] { _first, _second, _ec, _stranger }) key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Changed()
    {
        var parts = Good(c => c["tenant"] = "acme").Split('.');
        return $"{parts[0]}.{Encode(JsonSerializer.Serialize(Claims(null)))}.{parts[2]}";
    }

    private static string Hmac(string secret) => Sign("HS256", "first", Claims(null), data => HMACSHA256.HashData(Encoding.Latin1.GetBytes(secret), data));

    private static Dictionary<string, object?> Claims(Action<Dictionary<string, object?>>? change)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new Dictionary<string, object?> { ["iss"] = Issuer, ["aud"] = Audience, ["sub"] = "ada", ["iat"] = now, ["nbf"] = now - 5, ["exp"] = now + 600, ["roles"] = new[] { "operator", "somebody-elses" }, ["tenant"] = "*" };
        change?.Invoke(claims);
        return claims;
    }

    private static string Sign(string algorithm, string? kid, Dictionary<string, object?> claims, Func<byte[], byte[]> sign, params (string Name, object Value)[] more)
    {
        var head = new Dictionary<string, object?> { ["alg"] = algorithm, ["typ"] = "JWT" };
        if (kid is not null) head["kid"] = kid;
        foreach (var (name, value) in more) head[name] = value;
        var data = $"{Encode(JsonSerializer.Serialize(head))}.{Encode(JsonSerializer.Serialize(claims))}";
        return $"{data}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(data)))}";
    }

    private static object Jwk(RSA key, string kid)
    {
        var p = key.ExportParameters(false);
        return new { kty = "RSA", use = "sig", kid, n = Base64Url.EncodeToString(p.Modulus), e = Base64Url.EncodeToString(p.Exponent) };
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
