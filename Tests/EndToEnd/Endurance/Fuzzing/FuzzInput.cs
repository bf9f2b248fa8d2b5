using System.Globalization;

namespace InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

/// <summary>Random values that programs trip over, and broken bytes; the same ones for the same seed.</summary>
internal sealed class FuzzInput(Random random, IReadOnlyList<string> known)
{
    // Few names, so that requests meet each other's objects.
    private static readonly string[] Names = ["fuzz-a", "fuzz-b", "fuzz-c", "Fuzz.D", "fuzz_e", "0"];

    private static readonly string[] Texts =
    [
        "", " ", "x", "..", "../../etc/passwd", "%2e%2e%2f", "%00", "\0", "a\0b", "a\r\nX-Evil: 1", "\u202egnp.exe", "e\u0301", "\u0130\u0131", "\ufeff", "\ufffe", "𝒻𝓊𝓏𝓏", "💥", "null", "NaN",
        "-1", "1e999", "9223372036854775808", "0x10", "true", "*", "a*", "**", "'; drop table nodes; --", "{{7*7}}", "${jndi:ldap://127.0.0.1/x}", "<script>alert(1)</script>", "http://169.254.169.254/",
        "2026-01-31T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "00:00:00", "-1.00:00:00", "P1D", "a,b;c=d", "\"", "\\", "/", "//", "?", "#", ":", "@",
    ];

    private static readonly double[] Numbers = [0, -0.0, 1, -1, 0.5, 1e-308, 1e308, -1e308, int.MaxValue, int.MinValue, 4294967296, 9007199254740993, 1e18, 9.3e18, 1e19, 100, 1000];

    private static readonly byte[][] Splices = [[0], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], "{"u8.ToArray(), "]"u8.ToArray(), "\""u8.ToArray(), "\\u0000"u8.ToArray(), ",,"u8.ToArray(), "1e999"u8.ToArray(), [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]];

    public Random Random => random;

    /// <summary>The call changes something: it must not name what others need, or there would soon be no node to route to.</summary>
    public bool OwnNamesOnly { get; set; }

    public bool Chance(double share) => random.NextDouble() < share;

    public T Pick<T>(IReadOnlyList<T> values) => values[random.Next(values.Count)];

    /// <summary>A name that is well-formed: of the mesh, or one of a few of the run's own.</summary>
    public string Name() => !OwnNamesOnly && known.Count > 0 && Chance(0.3) ? Pick(known) : Pick(Names);

    /// <summary>A name of the run's own: what is made or changed under it hurts nobody.</summary>
    public string OwnName() => Pick(Names);

    public string Text() => random.Next(12) switch
    {
        0 => new string((char)random.Next('a', 'z'), random.Next(1, 5000)),
        1 => string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => char.ConvertFromUtf32(random.Next(2) == 0 ? random.Next(0x20, 0x7f) : random.Next(0xa0, 0xd7ff)))),
        2 or 3 or 4 => Name(),
        _ => Pick(Texts),
    };

    public double Number() => Chance(0.5) ? random.Next(0, 50) : Pick(Numbers);

    public long Whole() => random.Next(5) switch
    {
        0 => long.MaxValue,
        1 => long.MinValue,
        2 => -random.Next(),
        _ => random.Next(0, 1000),
    };

    /// <summary>A version, an entity tag or nonsense.</summary>
    public string Tag() => random.Next(5) switch
    {
        0 => "*",
        1 => "nonsense",
        2 => "\"\"",
        _ => string.Create(CultureInfo.InvariantCulture, $"\"{random.Next(0, 5)}\""),
    };

    /// <summary>The bytes with some flipped, cut, doubled or put in between.</summary>
    public byte[] Mutate(byte[] bytes)
    {
        var result = new List<byte>(bytes);
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(result.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < result.Count:
                    result[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < result.Count:
                    result.RemoveRange(at, random.Next(1, Math.Min(16, result.Count - at) + 1));
                    break;
                case 2 when at < result.Count:
                    result.InsertRange(at, result.GetRange(at, Math.Min(random.Next(1, 64), result.Count - at)));
                    break;
                case 3:
                    result.RemoveRange(at, result.Count - at);
                    break;
                default:
                    result.InsertRange(at, Pick(Splices));
                    break;
            }
        }
        return [.. result];
    }

    public byte[] Bytes(int maxLength)
    {
        var bytes = new byte[random.Next(maxLength)];
        random.NextBytes(bytes);
        return bytes;
    }
}
