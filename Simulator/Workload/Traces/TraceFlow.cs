using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Workload.Traces;

/// <summary>The requests of a recorded trace: its times, lengths and prefixes; tenant, class and cell are drawn.</summary>
internal sealed class TraceFlow(IReadOnlyList<TraceRecord> records, double factor, RequestShaper shaper, double endSeconds) : IRequestFlow
{
    private const int BlocksPerTraceBlock = 512 / BlockNames.Tokens;

    private int _next;

    /// <summary>The records of the configured trace from its start on.</summary>
    /// <exception cref="FormatException">The file is empty or malformed.</exception>
    public static List<TraceRecord> Load(ArrivalConfig arrival)
    {
        if (!TraceFile.TryParseFormat(arrival.Format ?? "", out var format)) throw new FormatException($"'{arrival.Format}' is no format of traces");
        var all = TraceFile.Read(ConfigFile.Resolve(arrival.File!)!, format);
        var start = TimeSpan.FromSeconds(arrival.StartS);
        return arrival.StartS == 0 ? all : [.. all.Where(r => r.Offset >= start).Select(r => r with { Offset = r.Offset - start })];
    }

    /// <summary>Requests per second of records; 0 when they have no length in time.</summary>
    public static double Rps(List<TraceRecord> records) => records.Count > 0 && records[^1].Offset > TimeSpan.Zero ? records.Count / records[^1].Offset.TotalSeconds : 0;

    public bool TryNext(out SimRequest request)
    {
        request = default;
        if (_next == records.Count) return false;
        var record = records[_next];
        var at = record.Offset.TotalSeconds / factor;
        if (!(at < endSeconds)) return false;
        request = new(
            _next++, WorkloadSource.Nanoseconds(at), RequestType.Llm, record.PromptTokens, record.OutputTokens,
            shaper.NextTenant(), shaper.NextSloClass(), shaper.NextCell(), -1, Blocks(record));
        return true;
    }

    /// <summary>Names of the prompt's full 16-token blocks; a trace's id names 512 tokens and all before them, so its parts need no chaining.</summary>
    internal static ReadOnlyMemory<ulong> Blocks(in TraceRecord record)
    {
        if (record.PrefixBlocks is not { } ids) return default;
        var blocks = new ulong[Math.Min(record.PromptTokens / BlockNames.Tokens, ids.Count * BlocksPerTraceBlock)];
        for (var i = 0; i < blocks.Length; i++) blocks[i] = BlockNames.Mix(((ulong)(uint)ids[i / BlocksPerTraceBlock] << 8) | (uint)(i % BlocksPerTraceBlock));
        return blocks;
    }
}
