using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Cli.Replay;

/// <summary>Checks the values of <c>replay</c>'s options.</summary>
internal static class ReplayArguments
{
    private const double MaxSeconds = 7 * 24 * 3600;

    public static TraceFormat Format(string text) => TraceFile.TryParseFormat(text, out var format)
        ? format
        : throw new UsageException($"--format must be azure, mooncake, burstgpt or csv, not '{text}'");

    public static Uri Target(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.AbsolutePath == "/"
            ? uri
            : throw new UsageException($"--target must be a base address such as http://127.0.0.1:8080 without a path, not '{text}'");

    public static double Positive(string option, double value, double max) => value > 0 && value <= max
        ? value
        : throw new UsageException(FormattableString.Invariant($"{option} must be above 0 and at most {max}"));

    public static TimeSpan Seconds(string option, double value) => TimeSpan.FromSeconds(Positive(option, value, MaxSeconds));

    public static bool IsChat(string text) => text switch
    {
        "chat" => true,
        "completions" => false,
        _ => throw new UsageException($"--api must be completions or chat, not '{text}'"),
    };

    public static IReadOnlyList<KeyValuePair<string, string>> Headers(string[] texts) =>
    [
        .. texts.Select(static text => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            ? KeyValuePair.Create(text[..at].Trim(), text[(at + 1)..].Trim())
            : throw new UsageException("--header must be name=value")),
    ];

    /// <summary>The command line for the record. Values of headers, keys and tokens are left out.</summary>
    public static string CommandLine(IEnumerable<string> tokens)
    {
        var parts = new List<string> { "infermesh" };
        var before = "";
        foreach (var token in tokens)
        {
            parts.Add(before switch
            {
                "--header" when token.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at => token[..at] + "=***",
                "--api-key" or "--token" => "***",
                _ => Quote(token),
            });
            before = token;
        }

        return string.Join(' ', parts);
    }

    private static string Quote(string token) => token.Contains(' ', StringComparison.Ordinal) ? $"\"{token}\"" : token;
}
