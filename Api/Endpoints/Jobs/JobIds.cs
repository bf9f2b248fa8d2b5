using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>Ids of jobs: made here, so that a call that is sent again means the same job.</summary>
internal static class JobIds
{
    private const string Prefix = "j-";
    private const int Length = 26;
    private const int MaxKey = 255;

    // RFC 4648, section 7: texts sort as the bytes do, so ids made of times sort by time.
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuv";
    private const int BitsPerDigit = 5;
    private static readonly SearchValues<char> Digits = SearchValues.Create(Alphabet);

    /// <summary>What a key must be.</summary>
    public const string KeyForm = "must be 1 to 255 printable ASCII characters.";

    public static bool IsKey(string key) => key.Length is > 0 and <= MaxKey && key.All(static c => c is >= ' ' and <= '~');

    /// <summary>Whether a text has the form of an id.</summary>
    public static bool IsId(string text) => text.Length == Prefix.Length + Length && text.StartsWith(Prefix, StringComparison.Ordinal) && text.AsSpan(Prefix.Length).IndexOfAnyExcept(Digits) < 0;

    /// <summary>A new id; later ones are greater.</summary>
    public static string New(DateTimeOffset now) => Prefix + Base32(Guid.CreateVersion7(now).ToByteArray(bigEndian: true));

    /// <summary>The id that belongs to a tenant's key.</summary>
    public static string Of(string tenant, string key) => Prefix + Base32(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}\n{key}")));

    private static string Base32(byte[] bytes) => string.Create(Length, bytes, static (text, bytes) =>
    {
        for (var i = 0; i < text.Length; i++)
        {
            var (at, bit) = (i * BitsPerDigit / 8, i * BitsPerDigit % 8);
            var pair = (bytes[at] << 8) | (at + 1 < bytes.Length ? bytes[at + 1] : 0);
            text[i] = Alphabet[(pair >> (16 - BitsPerDigit - bit)) & (Alphabet.Length - 1)];
        }
    });
}
