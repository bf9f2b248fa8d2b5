using InferMesh.Strategies.Hedging;
using InferMesh.Strategies.Recording;
using InferMesh.Strategies.Routing;
using Parquet;
using Parquet.Schema;

namespace InferMesh.Cli.Decisions;

/// <summary>Decisions as columns of Parquet, a row each; the columns are described in <c>docs/replay-decisions.md</c>.</summary>
internal sealed class DecisionRows : IRecordingVisitor, IAsyncDisposable
{
    private readonly List<Row> _rows = [];
    private readonly Dictionary<ulong, int> _numbers = [];
    private readonly ParquetWriter _writer;
    private readonly EndsByDecision _ends;
    private readonly int _rowsOfAGroup;
    private ulong _recording;

    private DecisionRows(ParquetWriter writer, EndsByDecision ends, int rowsOfAGroup) => (_writer, _ends, _rowsOfAGroup) = (writer, ends, rowsOfAGroup);

    /// <summary>Names of the columns, in their order.</summary>
    public static IReadOnlyList<string> Columns => [.. s_columns.Select(static c => c.Field.Name)];

    private static readonly Column[] s_columns =
    [
        new Of<long>("recording", static r => r.Recording),
        new Of<long>("decision", static r => r.Decision.Number),
        new Of<DateTime>("at", static r => new DateTime(r.Decision.AtTicks, DateTimeKind.Utc)),
        new Of<long>("table_version", static r => r.Decision.TableVersion),
        new Text("model", static r => r.Request.Model),
        new Text("tenant", static r => r.Request.Tenant),
        new Text("slo_class", static r => r.Request.SloClass),
        new Of<int>("prompt_tokens", static r => r.Request.PromptTokens),
        new Of<int>("output_tokens", static r => r.Request.OutputTokens),
        new Of<long>("payload_bytes", static r => r.Request.PayloadBytes),
        new Of<ulong>("session", static r => r.Request.Session),
        new Text("strategy", static r => r.Decision.Strategy),
        new Text("outcome", static r => r.Decision.Outcome),
        new Text("node", static r => r.Decision.Node),
        new Text("endpoint", static r => r.Decision.Endpoint),
        new Of<double>("score", static r => r.Decision.Score),
        new Text("second_node", static r => r.Decision.SecondNode),
        new Of<double>("second_score", static r => r.Decision.SecondScore),
        new Of<int>("targets", static r => r.Decision.Targets),
        new Of<double>("load", static r => r.Decision.Load),
        new Text("hedge_node", static r => r.Decision.HedgeNode),
        new Of<double>("hedge_delay_s", static r => r.Decision.HedgeDelayS),
        new Of<double>("retry_after_s", static r => r.Decision.RetryAfterS),
        new Of<ulong>("sequence", static r => r.Decision.Sequence),
        new Of<ulong>("seed", static r => r.Decision.Seed),
        new Text("replayable", static r => r.Decision.Replayable),
        new Text("fallback", static r => r.Decision.Fallback),
        new Text("plugin_digest", static r => r.Decision.PluginDigest),
        new Text("status", static r => r.End is { } end ? Lower(end.Status) : ""),
        new Of<double>("ttft_s", static r => r.End?.TtftSeconds ?? double.NaN),
        new Of<double>("e2e_s", static r => r.End?.E2eSeconds ?? double.NaN),
        new Of<int>("counted_prompt_tokens", static r => r.End?.PromptTokens ?? 0),
        new Of<int>("counted_output_tokens", static r => r.End?.OutputTokens ?? 0),
    ];

    /// <summary>Begins a table.</summary>
    /// <param name="file">Takes it.</param>
    /// <param name="ends">What became of the decisions.</param>
    /// <param name="stop">Ends the writing.</param>
    /// <param name="rowsOfAGroup">Rows that are kept in memory until they are written together.</param>
    public static async Task<DecisionRows> CreateAsync(Stream file, EndsByDecision ends, CancellationToken stop, int rowsOfAGroup = 100_000) =>
        new(await ParquetWriter.CreateAsync(new(s_columns.Select(static c => c.Field)), file, cancellationToken: stop), ends, rowsOfAGroup);

    public void Began(in RecordingHeader header)
    {
        _recording = header.Recording;
        _numbers.TryAdd(_recording, _numbers.Count);
    }

    public void Decided(in RecordedDecision d)
    {
        var t = d.Targets;
        var picks = d.Picks;
        var hedge = d.Result.Hedge.Verdict == HedgeVerdict.Planned ? d.Picks[d.Result.Hedge.Pick].Target : -1;
        var (first, second) = (picks.Length > 0 ? picks[0].Target : -1, picks.Length > 1 ? picks[1].Target : -1);
        _rows.Add(new(
            _numbers[_recording],
            new(d.Number, d.NowTicks, d.TableVersion, d.Policy.Strategy.Name, Lower(d.Result.Outcome), Node(t, first), first < 0 ? "" : t.Identity[first].Endpoint, first < 0 ? double.NaN : picks[0].Score,
                Node(t, second), second < 0 ? double.NaN : picks[1].Score, t.Count, first < 0 ? double.NaN : t.Load(first), Node(t, hedge), hedge < 0 ? double.NaN : d.Result.Hedge.Delay.TotalSeconds,
                d.Result.RetryAfter.TotalSeconds, d.Sequence, d.Seed, Lower(d.Replayable), d.Fallback ?? "", d.Plugin?.Digest ?? ""),
            new(d.Request.Model, d.Request.Tenant, d.Request.SloClass, d.Request.PromptTokens, d.Request.OutputTokens, d.Request.PayloadBytes, d.Session),
            _ends.Of(_recording, d.Number)));
    }

    /// <summary>Writes the rows that make whole groups, or all of them, and lets go of them: a recording may be larger than the memory.</summary>
    public async Task WriteAsync(CancellationToken stop, bool all = false)
    {
        var count = all ? _rows.Count : _rows.Count / _rowsOfAGroup * _rowsOfAGroup;
        foreach (var rows in _rows.Take(count).Chunk(_rowsOfAGroup))
        {
            stop.ThrowIfCancellationRequested();
            using var group = _writer.CreateRowGroup();
            foreach (var column in s_columns) await column.WriteAsync(group, rows);
        }
        _rows.RemoveRange(0, count);
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private static string Node(TargetSet targets, int row) => row < 0 ? "" : targets.Identity[row].NodeId;

    private static string Lower<T>(T value)
        where T : struct, Enum => Names<T>.All.TryGetValue(value, out var name) ? name : value.ToString();

    private static class Names<T>
        where T : struct, Enum
    {
        public static IReadOnlyDictionary<T, string> All { get; } = Enum.GetValues<T>().ToDictionary(static v => v, static v => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()));
    }

    private sealed record Row(long Recording, Made Decision, Asked Request, RecordedEnd? End);

    private sealed record Asked(string Model, string Tenant, string SloClass, int PromptTokens, int OutputTokens, long PayloadBytes, ulong Session);

    private sealed record Made(
        long Number, long AtTicks, long TableVersion, string Strategy, string Outcome, string Node, string Endpoint, double Score, string SecondNode, double SecondScore,
        int Targets, double Load, string HedgeNode, double HedgeDelayS, double RetryAfterS, ulong Sequence, ulong Seed, string Replayable, string Fallback, string PluginDigest);

    private abstract class Column(DataField field)
    {
        public DataField Field { get; } = field;

        public abstract Task WriteAsync(ParquetRowGroupWriter group, Row[] rows);
    }

    private sealed class Of<T>(string name, Func<Row, T> value) : Column(new DataField<T>(name))
        where T : struct
    {
        public override Task WriteAsync(ParquetRowGroupWriter group, Row[] rows) => group.WriteAsync<T>(Field, Array.ConvertAll(rows, r => value(r)).AsMemory());
    }

    private sealed class Text(string name, Func<Row, string> value) : Column(new DataField<string>(name))
    {
        public override Task WriteAsync(ParquetRowGroupWriter group, Row[] rows) => group.WriteAsync(Field, Array.ConvertAll(rows, r => value(r)));
    }
}
