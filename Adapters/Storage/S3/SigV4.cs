using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace InferMesh.Adapters.Storage.S3;

/// <summary>AWS's Signature Version 4 in the Authorization header (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Pure.</summary>
internal static class SigV4
{
    /// <summary>SHA-256 of no body.</summary>
    public const string EmptyBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string Terminator = "aws4_request";

    /// <summary>Time as it is signed and sent.</summary>
    public static string Timestamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A path as it is signed and sent: every segment encoded once.</summary>
    /// <param name="segments">Segments between slashes, not encoded.</param>
    public static string Path(IEnumerable<string> segments) => "/" + string.Join('/', segments.Select(Uri.EscapeDataString));

    /// <summary>The value of the Authorization header.</summary>
    /// <param name="request">What is sent.</param>
    /// <param name="scope">Where to, and when.</param>
    /// <param name="keys">Who sends.</param>
    public static string Authorize(SigV4Request request, SigV4Scope scope, S3Keys keys)
    {
        var headers = request.Headers.Select(static header => (Name: header.Name.ToLowerInvariant(), Value: header.Value.Trim())).OrderBy(static header => header.Name, StringComparer.Ordinal).ToArray();
        var signed = string.Join(';', headers.Select(static header => header.Name));
        var query = string.Join('&', request.Query.Select(static part => (Name: Uri.EscapeDataString(part.Name), Value: Uri.EscapeDataString(part.Value)))
            .OrderBy(static part => part.Name, StringComparer.Ordinal).ThenBy(static part => part.Value, StringComparer.Ordinal).Select(static part => $"{part.Name}={part.Value}"));
        var canonical = $"{request.Method}\n{request.Path}\n{query}\n{string.Concat(headers.Select(static header => $"{header.Name}:{header.Value}\n"))}\n{signed}\n{request.BodySha256}";
        var timestamp = Timestamp(scope.Now);
        var place = $"{timestamp[..8]}/{scope.Region}/{scope.Service}/{Terminator}";
        var text = $"{Algorithm}\n{timestamp}\n{place}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = new[] { timestamp[..8], scope.Region, scope.Service, Terminator }.Aggregate(Encoding.UTF8.GetBytes("AWS4" + keys.SecretAccessKey), Mac);
        return $"{Algorithm} Credential={keys.AccessKeyId}/{place},SignedHeaders={signed},Signature={Hex(Mac(key, text))}";
    }

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}

/// <summary>A request to sign.</summary>
/// <param name="Method">HTTP method in capitals.</param>
/// <param name="Path">Path, encoded.</param>
/// <param name="Query">Query, not encoded.</param>
/// <param name="Headers">Headers that are signed, <c>host</c> among them.</param>
/// <param name="BodySha256">SHA-256 of the body in hexadecimal digits.</param>
internal sealed record SigV4Request(string Method, string Path, IReadOnlyList<(string Name, string Value)> Query, IReadOnlyList<(string Name, string Value)> Headers, string BodySha256 = SigV4.EmptyBody);

/// <summary>Where and when a signature counts.</summary>
/// <param name="Region">Region, for example <c>us-east-1</c>.</param>
/// <param name="Service">Service, <c>s3</c>.</param>
/// <param name="Now">Time of the request.</param>
internal sealed record SigV4Scope(string Region, string Service, DateTimeOffset Now);
