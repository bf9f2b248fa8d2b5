using System.Runtime.InteropServices;
using InferMesh.Strategies.Learning;
using InferMesh.Strategies.Routing;
using InferMesh.Strategies.Topology;

namespace InferMesh.Strategies.Plugins;

/// <summary>Writes what a decision knows of its candidates as columns, in the order of the <see cref="TargetSet"/>: the same numbers that the cost model prices with.</summary>
public static class CandidateColumns
{
    /// <summary>Number of columns.</summary>
    public const int Count = (int)CandidateColumn.Place + 1;

    /// <summary>How long a column holds.</summary>
    public static ColumnLife Life(CandidateColumn column) => column switch
    {
        CandidateColumn.Key or CandidateColumn.MaxBatchSize or CandidateColumn.PrefillSecondsPerToken or CandidateColumn.ShareSecondsPerToken or CandidateColumn.SoloSecondsPerToken
            or CandidateColumn.SlopeSecondsPerToken or CandidateColumn.DollarsPerSecond or CandidateColumn.Place => ColumnLife.Set,
        CandidateColumn.RttSeconds or CandidateColumn.BytesPerSecond or CandidateColumn.DollarsPerByte or CandidateColumn.LinkClass => ColumnLife.Origin,
        CandidateColumn.Running or CandidateColumn.Waiting or CandidateColumn.KvCacheUsage or CandidateColumn.BatchSize or CandidateColumn.ColdStartSeconds => ColumnLife.Reading,
        _ => ColumnLife.Decision,
    };

    /// <summary>Whether a column can change between two decisions on the same set from the same origin.</summary>
    public static bool Changes(CandidateColumn column, TargetSet targets) =>
        Life(column) is ColumnLife.Decision || (Life(column) is ColumnLife.Reading && targets.Index is not null);

    /// <summary>Writes one column.</summary>
    /// <param name="column">Which; the learned ones are written by <see cref="Write(in RankingInput, ServiceCorrections, Span{double}, Span{double}, Span{double}, Span{double})"/>.</param>
    /// <param name="input">The decision.</param>
    /// <param name="values">Room for one number per target.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is a learned one, or none.</exception>
    public static void Write(CandidateColumn column, in RankingInput input, Span<double> values)
    {
        var targets = input.Targets;
        values = values[..targets.Count];
        switch (column)
        {
            case CandidateColumn.Key: targets.Keys.CopyTo(MemoryMarshal.Cast<double, ulong>(values)); break;
            case CandidateColumn.Running: targets.Running.CopyTo(values); break;
            case CandidateColumn.Waiting: targets.Waiting.CopyTo(values); break;
            case CandidateColumn.KvCacheUsage: targets.KvCacheUsage.CopyTo(values); break;
            case CandidateColumn.Load: for (var i = 0; i < values.Length; i++) values[i] = targets.Load(i); break;
            case CandidateColumn.LocalRequests: for (var i = 0; i < values.Length; i++) values[i] = targets.Local[i].Requests; break;
            case CandidateColumn.AgeSeconds: for (var i = 0; i < values.Length; i++) values[i] = targets.AgeSeconds(i, input.NowTicks); break;
            case CandidateColumn.PrefillBacklogSeconds: for (var i = 0; i < values.Length; i++) values[i] = targets.PrefillBacklogSeconds(i, input.NowTicks); break;
            case CandidateColumn.Place: for (var i = 0; i < values.Length; i++) values[i] = targets.Order is { } order ? order.Place[i] : i; break;
            case CandidateColumn.RttSeconds or CandidateColumn.BytesPerSecond or CandidateColumn.DollarsPerByte or CandidateColumn.LinkClass: WriteLinks(column, input, values); break;
            default: WriteCosts(column, targets, values); break;
        }
    }

    /// <summary>Writes the learned columns; one that has no room is left out.</summary>
    public static void Write(in RankingInput input, ServiceCorrections learned, Span<double> firstToken, Span<double> decode, Span<double> spread, Span<double> failures)
    {
        ArgumentNullException.ThrowIfNull(learned);
        for (var i = 0; i < input.Targets.Count; i++)
        {
            var correction = learned.Of(input, i);
            if (!firstToken.IsEmpty) firstToken[i] = correction.FirstTokenFactor;
            if (!decode.IsEmpty) decode[i] = correction.DecodeFactor;
            if (!spread.IsEmpty) spread[i] = correction.Spread;
            if (!failures.IsEmpty) failures[i] = correction.FailureShare;
        }
    }

    private static void WriteCosts(CandidateColumn column, TargetSet targets, Span<double> values)
    {
        var cost = targets.Cost;
        switch (column)
        {
            case CandidateColumn.BatchSize: for (var i = 0; i < values.Length; i++) values[i] = cost[i].BatchSize; break;
            case CandidateColumn.MaxBatchSize: for (var i = 0; i < values.Length; i++) values[i] = cost[i].MaxBatchSize; break;
            case CandidateColumn.PrefillSecondsPerToken: for (var i = 0; i < values.Length; i++) values[i] = cost[i].PrefillSecondsPerToken; break;
            case CandidateColumn.ShareSecondsPerToken: for (var i = 0; i < values.Length; i++) values[i] = cost[i].SharePerSequenceSeconds; break;
            case CandidateColumn.SoloSecondsPerToken: for (var i = 0; i < values.Length; i++) values[i] = cost[i].SoloSeconds; break;
            case CandidateColumn.SlopeSecondsPerToken: for (var i = 0; i < values.Length; i++) values[i] = cost[i].SlopeSeconds; break;
            case CandidateColumn.ColdStartSeconds: for (var i = 0; i < values.Length; i++) values[i] = cost[i].ColdStartSeconds; break;
            case CandidateColumn.DollarsPerSecond: for (var i = 0; i < values.Length; i++) values[i] = cost[i].DollarsPerSecond; break;
            default: throw new ArgumentOutOfRangeException(nameof(column), column, "No such column, or a learned one.");
        }
    }

    private static void WriteLinks(CandidateColumn column, in RankingInput input, Span<double> values)
    {
        var (targets, distances) = (input.Targets, input.Distances);
        for (var i = 0; i < values.Length; i++)
        {
            var link = targets.Link(i, input.Request.Origin);
            var usual = LinkClasses.Of(link);
            values[i] = column switch
            {
                CandidateColumn.RttSeconds => Known(distances?.RttSeconds[i] ?? double.NaN, Known(targets.Cost[i].RttSeconds, usual.RttSeconds)),
                CandidateColumn.BytesPerSecond => Math.Min(usual.BytesPerSecond, distances?.BytesPerSecond[i] ?? double.PositiveInfinity),
                CandidateColumn.DollarsPerByte => usual.DollarsPerByte,
                _ => (double)link,
            };
        }
    }

    private static double Known(double value, double otherwise) => double.IsNaN(value) ? otherwise : value;
}
