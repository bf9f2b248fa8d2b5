using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace InferMesh.Api.Security.Keys;

/// <summary>The form of keys: <c>im_PREFIX_SECRET</c>. The prefix finds the key, the secret of 256 random bits proves it.</summary>
internal static partial class ApiKeyText
{
    private const string Mark = "im_";
    private const int PrefixLength = 12;
    private const int SecretBytes = 32;
    private const string PrefixAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>Whether a text is meant to be one of our keys.</summary>
    public static bool IsOurs(string text) => text.StartsWith(Mark, StringComparison.Ordinal);

    /// <summary>A new prefix.</summary>
    public static string NewPrefix() => RandomNumberGenerator.GetString(PrefixAlphabet, PrefixLength);

    /// <summary>A new key of a prefix.</summary>
    public static string New(string prefix) => $"{Mark}{prefix}_{RandomNumberGenerator.GetHexString(SecretBytes * 2, lowercase: true)}";

    /// <summary>What is kept of a key.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>The prefix of a key; false when it has not the form of one.</summary>
    public static bool TryPrefix(string key, [NotNullWhen(true)] out string? prefix)
    {
        prefix = IsOurs(key) && key.Length == Mark.Length + PrefixLength + 1 + (SecretBytes * 2) && key[Mark.Length + PrefixLength] == '_' ? key.Substring(Mark.Length, PrefixLength) : null;
        return prefix is not null;
    }

    /// <summary>A text without the secrets of keys in it: who mistakes a key for an id must not find it in logs, events and errors again.</summary>
    public static string Masked(string text) => text.Contains(Mark, StringComparison.Ordinal) ? Secret().Replace(text, "$1***") : text;

    [GeneratedRegex("(im_[0-9a-z]{12}_)[^\\s\"'/]+", RegexOptions.CultureInvariant)]
    private static partial Regex Secret();
}
