using System.Text.Json;

namespace InferMesh.Cli.Replay;

/// <summary>What the events of one answer amount to; looks no deeper into an event than it must.</summary>
internal struct StreamTally
{
    public int TextEvents;
    public int? PromptTokens;
    public int? CompletionTokens;
    public bool Done;
    public bool Failed;

    /// <summary>Takes one payload.</summary>
    public static void Take(ref StreamTally tally, ReadOnlySpan<byte> payload)
    {
        if (payload.SequenceEqual("[DONE]"u8))
        {
            tally.Done = true;
            return;
        }

        if (HasText(payload))
            tally.TextEvents++;
        else if (payload.IndexOf("\"usage\":"u8) >= 0)
            tally.TakeUsage(payload);
        else if (payload.IndexOf("\"error\""u8) >= 0)
            tally.Failed = true;
    }

    /// <summary>Takes a whole answer that was not streamed.</summary>
    public void TakeWhole(ReadOnlySpan<byte> body)
    {
        TakeUsage(body);
        Done = !Failed;
    }

    // A byte search instead of a parse: text or content whose value is not empty and not null.
    private static bool HasText(ReadOnlySpan<byte> payload)
        => HasValue(payload, "\"content\":"u8) || HasValue(payload, "\"text\":"u8);

    private static bool HasValue(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key)
    {
        var at = payload.IndexOf(key);
        if (at < 0)
            return false;
        var rest = payload[(at + key.Length)..].TrimStart((byte)' ');
        return rest is [(byte)'"', not (byte)'"', ..];
    }

    private void TakeUsage(ReadOnlySpan<byte> payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
            {
                PromptTokens = usage.GetProperty("prompt_tokens").GetInt32();
                CompletionTokens = usage.GetProperty("completion_tokens").GetInt32();
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            Failed = true;
        }
    }
}
