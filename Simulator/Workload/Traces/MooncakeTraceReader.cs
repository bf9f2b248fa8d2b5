using System.Text.Json;

namespace InferMesh.Simulator.Workload.Traces;

/// <summary>Reads Mooncake traces: JSON lines with <c>timestamp</c> in milliseconds, <c>input_length</c>, <c>output_length</c>, <c>hash_ids</c>.</summary>
internal static class MooncakeTraceReader
{
    /// <exception cref="FormatException">A line is malformed.</exception>
    public static List<TraceRecord> Read(TextReader reader)
    {
        var records = new List<TraceRecord>();
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
                records.Add(ReadLine(line, number));
        }

        return records;
    }

    private static TraceRecord ReadLine(string line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            int[]? blocks = root.TryGetProperty("hash_ids", out var ids) ? [.. ids.EnumerateArray().Select(static id => id.GetInt32())] : null;
            return new TraceRecord(
                TimeSpan.FromMilliseconds(root.GetProperty("timestamp").GetDouble()),
                Math.Max(1, root.GetProperty("input_length").GetInt32()),
                Math.Max(1, root.GetProperty("output_length").GetInt32()),
                blocks);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"line {number} is not an object with timestamp, input_length and output_length");
        }
    }
}
