using System.Globalization;

namespace InferMesh.Simulator.Workload.Traces;

/// <summary>Reads CSV traces.</summary>
/// <remarks>
/// The first line names the columns, in any order and letter case; spaces, '_' and '-' do not matter, other columns are ignored:
/// <list type="bullet">
/// <item>time: <c>timestamp</c>, <c>time</c>, <c>arrival</c>, <c>arrived_at</c> or <c>arrival_time</c>: seconds, or an ISO 8601 date and time (UTC when it has no offset);</item>
/// <item>prompt: <c>context_tokens</c>, <c>prompt_tokens</c>, <c>input_tokens</c>, <c>input_length</c>, <c>num_prefill_tokens</c> or <c>request_tokens</c>;</item>
/// <item>output: <c>generated_tokens</c>, <c>output_tokens</c>, <c>completion_tokens</c>, <c>output_length</c>, <c>num_decode_tokens</c> or <c>response_tokens</c>.</item>
/// </list>
/// A count of 0 is raised to 1: a request without a prompt or an answer cannot be sent. No quoted fields.
/// </remarks>
internal static class CsvTraceReader
{
    private static readonly string[] TimeNames = ["timestamp", "time", "arrival", "arrivedat", "arrivaltime"];
    private static readonly string[] PromptNames = ["contexttokens", "prompttokens", "inputtokens", "inputlength", "numprefilltokens", "requesttokens"];
    private static readonly string[] OutputNames = ["generatedtokens", "outputtokens", "completiontokens", "outputlength", "numdecodetokens", "responsetokens"];

    /// <param name="reader">The text.</param>
    /// <param name="skipUnanswered">Whether requests without output tokens are left out.</param>
    /// <exception cref="FormatException">A line is malformed.</exception>
    public static List<TraceRecord> Read(TextReader reader, bool skipUnanswered = false)
    {
        var header = (reader.ReadLine() ?? "").Split(',');
        var time = Find(header, TimeNames, "time");
        var prompt = Find(header, PromptNames, "prompt token");
        var output = Find(header, OutputNames, "generated token");
        var needed = Math.Max(time, Math.Max(prompt, output)) + 1;

        var records = new List<TraceRecord>();
        DateTimeOffset? epoch = null;
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var fields = line.Split(',');
            if (fields.Length < needed)
                throw new FormatException($"line {number} has {fields.Length} fields, {needed} are needed");
            var (at, outputs) = (ReadTime(fields[time], ref epoch, number), ReadCount(fields[output], number));
            if (outputs > 0 || !skipUnanswered) records.Add(new TraceRecord(at, Math.Max(1, ReadCount(fields[prompt], number)), Math.Max(1, outputs)));
        }

        return records;
    }

    private static int Find(string[] header, string[] names, string what)
    {
        for (var i = 0; i < header.Length; i++)
        {
            var name = header[i].Trim().Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
            if (names.Contains(name, StringComparer.OrdinalIgnoreCase))
                return i;
        }

        throw new FormatException($"the first line names no {what} column (one of {string.Join(", ", names)})");
    }

    private static TimeSpan ReadTime(string text, ref DateTimeOffset? epoch, int line)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds) && Math.Abs(seconds) < 1e11)
            return TimeSpan.FromSeconds(seconds);
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
            throw new FormatException($"line {line}: '{text.Trim()}' is neither seconds nor an ISO 8601 time");
        epoch ??= at;
        return at - epoch.Value;
    }

    private static int ReadCount(string text, int line)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var count) || count is not (>= 0 and <= 10_000_000))
            throw new FormatException($"line {line}: '{text.Trim()}' is not a number of tokens");
        return (int)count;
    }
}
