using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>
/// Lays a batch out in the buffer of an instance: header, addresses of the columns, parameters, columns, requests with what is theirs. Columns that hold longer than a decision are written
/// when the set of targets, or the origin of requests, is another one than the instance saw last.
/// </summary>
internal sealed class CandidateWriter(double[] parameters, ServiceCorrections learned)
{
    /// <summary>Columns of what is learned of answers.</summary>
    public const ulong LearnedBits = 1UL << (int)CandidateColumn.FirstTokenFactor | 1UL << (int)CandidateColumn.DecodeFactor | 1UL << (int)CandidateColumn.Spread | 1UL << (int)CandidateColumn.FailureShare;

    private static readonly int HeaderBytes = Unsafe.SizeOf<WasmBatch>();
    private static readonly int RequestBytes = Unsafe.SizeOf<WasmRequest>();
    private static readonly int PickBytes = Unsafe.SizeOf<WasmPick>();

    private int FirstColumn => HeaderBytes + Align(4 * CandidateColumns.Count) + 8 * parameters.Length;

    /// <summary>Bytes of a batch.</summary>
    public int Bytes(ulong wanted, int targets, int requests, int picksOfEach, int prefixes) =>
        checked(RequestsAt(wanted, targets) + requests * (RequestBytes + Align(targets) + picksOfEach * PickBytes) + 8 * prefixes);

    /// <summary>Writes header and columns.</summary>
    public void Begin(WasmInstance instance, in RankingInput input, int requests)
    {
        var span = instance.Span;
        var (mask, targets, origin) = (instance.Columns, input.Targets, input.Request.Origin);
        var seen = instance.Layout as Seen;
        var sameSet = seen is not null && seen.Targets.TryGetTarget(out var last) && ReferenceEquals(last, targets) && seen.Tracked == targets.IsTracked;
        var sameOrigin = sameSet && seen!.Origin == origin;
        if (!sameOrigin) instance.Layout = new Seen(new(targets), origin, targets.IsTracked);

        var header = new WasmBatch
        {
            Version = WasmAbi.Version,
            Size = (uint)HeaderBytes,
            Targets = (uint)targets.Count,
            ColumnCount = CandidateColumns.Count,
            Columns = (uint)(instance.Buffer + HeaderBytes),
            ParameterCount = (uint)parameters.Length,
            Parameters = (uint)(instance.Buffer + HeaderBytes + Align(4 * CandidateColumns.Count)),
            RequestCount = (uint)requests,
            RequestSize = (uint)RequestBytes,
            Requests = (uint)(instance.Buffer + RequestsAt(mask, targets.Count)),
            NowTicks = input.NowTicks,
        };
        MemoryMarshal.Write(span, header);
        if (!sameSet) WriteTables(instance, span, mask, targets.Count);
        for (var rest = mask & (1UL << CandidateColumns.Count) - 1 & ~LearnedBits; rest != 0; rest &= rest - 1)
        {
            var column = (CandidateColumn)BitOperations.TrailingZeroCount(rest);
            var holds = CandidateColumns.Life(column) == ColumnLife.Origin ? sameOrigin : sameSet && !CandidateColumns.Changes(column, targets);
            if (!holds) CandidateColumns.Write(column, input, Column(span, mask, targets.Count, column));
        }
        if ((mask & LearnedBits) != 0)
        {
            CandidateColumns.Write(
                input, learned, Wanted(span, mask, targets.Count, CandidateColumn.FirstTokenFactor), Wanted(span, mask, targets.Count, CandidateColumn.DecodeFactor),
                Wanted(span, mask, targets.Count, CandidateColumn.Spread), Wanted(span, mask, targets.Count, CandidateColumn.FailureShare));
        }
    }

    /// <summary>Writes one request and what is its own; returns where the next begins what is its own.</summary>
    /// <param name="instance">Where to.</param>
    /// <param name="input">The request.</param>
    /// <param name="index">Which of the batch.</param>
    /// <param name="requests">Requests of the batch.</param>
    /// <param name="wanted">Picks wanted.</param>
    /// <param name="at">Offset of what is its own; 0 for the first.</param>
    public int WriteRequest(WasmInstance instance, in RankingInput input, int index, int requests, int wanted, int at)
    {
        var span = instance.Span;
        var (targets, request) = (input.Targets.Count, input.Request);
        var first = RequestsAt(instance.Columns, targets);
        var verdicts = at > 0 ? at : first + requests * RequestBytes;
        var picks = verdicts + Align(targets);
        var prefix = picks + wanted * PickBytes;
        var hashes = (instance.Columns >> WasmAbi.PrefixBit & 1) != 0 ? request.Prefix.Span : [];
        MemoryMarshal.Write(span[(first + index * RequestBytes)..], new WasmRequest
        {
            Sequence = input.Sequence,
            Seed = input.Seed,
            PayloadBytes = request.PayloadBytes,
            Model = PluginNames.Hash(request.Model),
            Tenant = PluginNames.Hash(request.Tenant),
            SloClass = PluginNames.Hash(request.SloClass),
            Session = request.SessionKey,
            PromptTokens = (uint)Math.Max(0, request.PromptTokens),
            OutputTokens = (uint)Math.Max(0, request.OutputTokens),
            Verdicts = (uint)(instance.Buffer + verdicts),
            PrefixCount = (uint)hashes.Length,
            Prefix = hashes.Length > 0 ? (uint)(instance.Buffer + prefix) : 0,
            Wanted = (uint)wanted,
            Picks = (uint)(instance.Buffer + picks),
        });
        MemoryMarshal.AsBytes(input.Filter).CopyTo(span[verdicts..]);
        MemoryMarshal.AsBytes(hashes).CopyTo(span[prefix..]);
        return prefix + 8 * hashes.Length;
    }

    /// <summary>Reads the picks of one request. Addresses are the host's own: what the plugin made of them does not matter.</summary>
    public int Read(WasmInstance instance, int targets, int index, int requests, int at, Span<RankedTarget> best)
    {
        var span = instance.Span;
        var first = RequestsAt(instance.Columns, targets);
        var count = MemoryMarshal.Read<WasmRequest>(span[(first + index * RequestBytes)..]).Count;
        if (count > best.Length) return 0;
        var picks = MemoryMarshal.Cast<byte, WasmPick>(span.Slice((at > 0 ? at : first + requests * RequestBytes) + Align(targets), (int)count * PickBytes));
        for (var i = 0; i < picks.Length; i++) best[i] = new((int)picks[i].Target, picks[i].Score);
        return (int)count;
    }

    private static int Align(int bytes) => (bytes + 7) & ~7;

    private int RequestsAt(ulong mask, int targets) => FirstColumn + 8 * targets * BitOperations.PopCount(mask & (1UL << CandidateColumns.Count) - 1);

    private Span<double> Column(Span<byte> span, ulong mask, int targets, CandidateColumn column) =>
        MemoryMarshal.Cast<byte, double>(span.Slice(FirstColumn + 8 * targets * BitOperations.PopCount(mask & (1UL << (int)column) - 1), 8 * targets));

    private Span<double> Wanted(Span<byte> span, ulong mask, int targets, CandidateColumn column) => (mask >> (int)column & 1) == 0 ? [] : Column(span, mask, targets, column);

    private void WriteTables(WasmInstance instance, Span<byte> span, ulong mask, int targets)
    {
        var addresses = MemoryMarshal.Cast<byte, uint>(span.Slice(HeaderBytes, 4 * CandidateColumns.Count));
        for (var column = 0; column < addresses.Length; column++)
            addresses[column] = (mask >> column & 1) == 0 ? 0 : (uint)(instance.Buffer + FirstColumn + 8 * targets * BitOperations.PopCount(mask & (1UL << column) - 1));
        parameters.CopyTo(MemoryMarshal.Cast<byte, double>(span[(HeaderBytes + Align(4 * CandidateColumns.Count))..])[..parameters.Length]);
    }

    /// <summary>What the columns of an instance were written for. Does not keep a table alive.</summary>
    private sealed record Seen(WeakReference<TargetSet> Targets, Origin Origin, bool Tracked);
}
