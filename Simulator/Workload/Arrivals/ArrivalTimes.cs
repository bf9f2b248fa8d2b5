using InferMesh.Simulator.Configuration;

namespace InferMesh.Simulator.Workload.Arrivals;

/// <summary>Builds arrival times.</summary>
internal static class ArrivalTimes
{
    /// <summary>Times of an open arrival process.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="rps">Mean requests per second; an mmpp keeps its own rates unless a load is asked for.</param>
    /// <param name="endSeconds">When arrivals end.</param>
    /// <param name="requestsPerArrival">Mean requests that come of one arrival: the turns of a conversation.</param>
    public static IArrivalTimes Open(SimConfig config, double rps, double endSeconds, double requestsPerArrival = 1)
    {
        rps /= requestsPerArrival;
        var arrival = config.Workload.Arrival;
        var random = WorkloadStreams.Open(config.Seed, WorkloadStreams.Arrivals);
        return arrival.Type switch
        {
            ArrivalType.Constant => new ConstantTimes(rps),
            ArrivalType.Gamma => new RenewalTimes(random, GapLaw.Gamma(arrival.Cv), rps),
            ArrivalType.Weibull => new RenewalTimes(random, GapLaw.Weibull(arrival.Cv), rps),
            ArrivalType.Mmpp => Mmpp(),
            ArrivalType.Clients => new ClientTimes(ClientTimes.Load(ConfigFile.Resolve(arrival.File!)!), config.Seed, arrival.StartS, endSeconds, rps),
            _ => new PoissonTimes(random, rps),
        };

        MmppTimes Mmpp() => new(
            random,
            WorkloadStreams.Open(config.Seed, WorkloadStreams.Dwell),
            arrival.RatesRps,
            arrival.DwellS,
            arrival.Dwell == DwellKind.Fixed,
            arrival.Rho is null ? 1 / requestsPerArrival : rps / MmppTimes.MeanRps(arrival.RatesRps, arrival.DwellS),
            endSeconds);
    }

    /// <summary>Requests per second as written; see <see cref="WorkloadMeans.TraceRps"/>.</summary>
    public static double RpsAsWritten(ArrivalConfig arrival) => arrival.Type switch
    {
        ArrivalType.Mmpp => MmppTimes.MeanRps(arrival.RatesRps, arrival.DwellS),
        ArrivalType.ClosedLoop => 0,
        _ => arrival.Rps,
    };
}
