using InferMesh.Simulator.Configuration;

namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>Builds arrival times.</summary>
internal static class ArrivalTimes
{
    /// <summary>Times of an open arrival process with the mean rate <paramref name="rps"/> (an mmpp keeps its own unless a load is asked for).</summary>
    public static IArrivalTimes Open(SimConfig config, double rps)
    {
        var arrival = config.Workload.Arrival;
        var random = WorkloadStreams.Open(config.Seed, WorkloadStreams.Arrivals);
        return arrival.Type switch
        {
            ArrivalType.Constant => new ConstantTimes(rps),
            ArrivalType.Gamma => new RenewalTimes(random, GapLaw.Gamma(arrival.Cv), rps),
            ArrivalType.Weibull => new RenewalTimes(random, GapLaw.Weibull(arrival.Cv), rps),
            ArrivalType.Mmpp => Mmpp(),
            _ => new PoissonTimes(random, rps),
        };

        MmppTimes Mmpp() => new(
            random,
            WorkloadStreams.Open(config.Seed, WorkloadStreams.Dwell),
            arrival.RatesRps,
            arrival.DwellS,
            arrival.Dwell == DwellKind.Fixed,
            arrival.Rho is null ? 1 : rps / MmppTimes.MeanRps(arrival.RatesRps, arrival.DwellS));
    }

    /// <summary>Requests per second as written; see <see cref="WorkloadMeans.TraceRps"/>.</summary>
    public static double RpsAsWritten(ArrivalConfig arrival) => arrival.Type switch
    {
        ArrivalType.Mmpp => MmppTimes.MeanRps(arrival.RatesRps, arrival.DwellS),
        ArrivalType.ClosedLoop => 0,
        _ => arrival.Rps,
    };
}
