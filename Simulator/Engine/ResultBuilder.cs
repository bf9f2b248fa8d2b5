using InferMesh.Simulator.Results;

namespace InferMesh.Simulator.Engine;

/// <summary>How a run ended.</summary>
/// <param name="Strategy">Name of the strategy.</param>
/// <param name="Seed">Seed.</param>
/// <param name="Complete">Whether it came to its horizon.</param>
/// <param name="NowNs">How far it came.</param>
/// <param name="Events">Events handled.</param>
internal readonly record struct RunEnd(string Strategy, ulong Seed, bool Complete, long NowNs, long Events);

/// <summary>Turns the state at the end of a run into its result.</summary>
internal static class ResultBuilder
{
    /// <summary>Builds the result; <paramref name="finish"/> checks the laws and is called when all figures are read.</summary>
    public static StrategyResult Build(RunWorld world, RunPlan plan, in RunEnd end, Func<long, double> finish)
    {
        var (m, fleet, rack) = (world.Metrics, world.Fleet, world.Rack);
        var (now, seconds) = (end.NowNs, Math.Max(end.NowNs / 1e9, 1e-9));
        var utilisation = SpreadOf(fleet.Count, t => rack.BusySeconds(t, now) / seconds);
        var kv = SpreadOf(fleet.Count, t => rack.MeanKv(t, now));
        var vram = SpreadOf(fleet.Count, t => fleet.Spec(t) is var s ? (s.WeightBytes + rack.MeanKv(t, now) * s.KvBytes) / s.VramBytes : 0);
        var busiest = SpreadOf(fleet.Count, t => world.Delivered[t]);
        var meanInSystem = finish(now);
        var hours = fleet.Gpus * seconds / 3600;
        var dollars = fleet.DollarsPerHour * seconds / 3600;
        var tokens = (double)m.PromptTokens + m.OutputTokens;
        return new()
        {
            Strategy = end.Strategy,
            Seed = end.Seed,
            Complete = end.Complete,
            SimulatedSeconds = now / 1e9,
            Events = end.Events,
            Requests = new(m.Arrived, m.Completed, m.Arrived - m.Completed - m.Rejected - m.Dropped, m.Rejected, m.Dropped),
            All = m.All(),
            ByType = m.ByType(),
            ByTenant = m.ByTenant(),
            BySloClass = m.BySloClass(),
            SloAttainment = m.Arrived > 0 ? (double)m.SloMet / m.Arrived : 0,
            GoodputRps = m.SloMet / seconds,
            RequestsPerSecond = m.Completed / seconds,
            OutputTokensPerSecond = m.OutputTokens / seconds,
            TokensPerSecond = tokens / seconds,
            Utilisation = utilisation,
            Vram = vram,
            Kv = kv,
            BusiestOverMean = busiest.Mean > 0 ? busiest.Max / busiest.Mean : 0,
            Hedges = new(m.HedgesFired, m.HedgesWon, m.HedgesWasted, m.WastedTokens),
            NetworkBytes = m.NetworkBytes,
            KvTransfers = new(m.KvTransfers, m.KvBytes, m.KvTransfers > 0 ? m.KvTransferNs / m.KvTransfers / 1e9 : 0),
            Cost = new(hours, dollars, Per(dollars, tokens / 1000), Per(dollars, m.SloMet), Per(dollars, m.SloMetTokens / 1000.0)),
            SignalAgeSeconds = m.Picks > 0 ? m.AgeSecondsSum / m.Picks : 0,
            PrefixHitRate = m.PrefixBlocks > 0 ? Math.Min(1, rack.ReusedBlocks() / (double)m.PrefixBlocks) : 0,
            Preemptions = rack.Preemptions(),
            MeanInSystem = meanInSystem,
            Series = world.Series.Points,
            UtilisationHeat = world.Series.Heat(),
        };
    }

    /// <summary>A quantity over targets.</summary>
    public static Spread SpreadOf(int count, Func<int, double> value)
    {
        double sum = 0, squares = 0, min = double.PositiveInfinity, max = double.NegativeInfinity;
        for (var i = 0; i < count; i++)
        {
            var v = value(i);
            sum += v;
            squares += v * v;
            min = Math.Min(min, v);
            max = Math.Max(max, v);
        }
        var mean = sum / count;
        return new(mean, Math.Sqrt(Math.Max(0, squares / count - mean * mean)), min, max);
    }

    /// <summary>Dollars per unit; 0 when there is none.</summary>
    public static double Per(double dollars, double what) => what > 0 ? dollars / what : 0;
}
