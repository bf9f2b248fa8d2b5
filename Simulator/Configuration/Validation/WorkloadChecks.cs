using InferMesh.Simulator.Workload.Arrivals;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>What must fit together in a workload.</summary>
internal static class WorkloadChecks
{
    private const double SumTolerance = 1e-3;

    public static void Check(SimConfig config, Findings findings)
    {
        var workload = config.Workload;
        var sum = workload.Mix.Llm + workload.Mix.Vision + workload.Mix.Asr;
        findings.Require(Math.Abs(sum - 1) <= SumTolerance, "workload.mix", $"the shares sum to {sum:0.####}; they must sum to 1");
        findings.Require(!(workload.DurationS > config.DurationS), "workload.duration_s", $"is {workload.DurationS}; it must not be after the horizon, duration_s {config.DurationS}");
        Arrival(workload.Arrival, findings);
        Dist(workload.Llm.InTokens, "workload.llm.in_tokens", findings);
        Dist(workload.Llm.OutTokens, "workload.llm.out_tokens", findings);
        Dist(workload.Vision.ImageSize, "workload.vision.image_size", findings);
        Dist(workload.Vision.ProcessingComplexity, "workload.vision.processing_complexity", findings);
        Dist(workload.Asr.AudioDurationS, "workload.asr.audio_duration_s", findings);
        if (workload.Sessions is { } sessions) Sessions(sessions, workload, findings);
    }

    public static void Dist(DistConfig dist, string path, Findings findings)
    {
        if (dist.Dist == DistKind.Uniform) findings.Require(dist.Min <= dist.Max, $"{path}.max", $"is {dist.Max}; it must not be below min {dist.Min}");
        if (dist.Dist is DistKind.Poisson or DistKind.Exponential) findings.Require(dist.Lambda > 0, $"{path}.lambda", $"is {dist.Lambda}; it must be more than 0");
        if (dist.Dist != DistKind.Discrete) return;
        var sum = dist.Cases.Sum(c => c.Probability);
        findings.Require(Math.Abs(sum - 1) <= SumTolerance, $"{path}.cases", $"the probabilities sum to {sum:0.####}; they must sum to 1");
        findings.Require(dist.Cases.All(c => c is { Value: >= 0 and <= 1e12, Probability: >= 0 }), $"{path}.cases", $"values and probabilities must be 0 or more");
    }

    private static void Arrival(ArrivalConfig arrival, Findings findings)
    {
        const string Path = "workload.arrival";
        switch (arrival.Type)
        {
            case ArrivalType.Mmpp:
                var rates = arrival.RatesRps.Count;
                findings.Require(rates > 0 && arrival.RatesRps.Sum() > 0, $"{Path}.rates_rps", $"must name at least one rate above 0");
                findings.Require(arrival.DwellS.Count == rates, $"{Path}.dwell_s", $"has {arrival.DwellS.Count} entries; rates_rps has {rates}: one for each state");
                findings.Require(arrival.States is null || arrival.States == rates, $"{Path}.states", $"is {arrival.States}, but rates_rps has {rates}");
                break;
            case ArrivalType.Trace:
                var known = arrival.Format is not null && TraceFile.TryParseFormat(arrival.Format, out _);
                findings.Require(known, $"{Path}.format", $"'{arrival.Format}' is not known; it must be one of {TraceFile.FormatNames}");
                FileCheck.Check(arrival.File, $"{Path}.file", findings, known ? _ => Trace(arrival) : null);
                break;
            case ArrivalType.Clients:
                FileCheck.Check(arrival.File, $"{Path}.file", findings, file => Clients(arrival, file));
                break;
            case ArrivalType.ClosedLoop:
                findings.Require(arrival.Rho is null, $"{Path}.rho", $"does not go with a closed loop, whose rate is what comes of it; set users");
                break;
        }
    }

    private static string? Trace(ArrivalConfig arrival)
    {
        var records = TraceFlow.Load(arrival);
        if (records.Count == 0) return "has no record after start_s";
        return arrival.Rho is not null && TraceFlow.Rps(records) == 0 ? "has no length in time that rho could scale" : null;
    }

    private static string? Clients(ArrivalConfig arrival, string file) =>
        ClientTimes.MeanRps(ClientTimes.Load(file), arrival.StartS, 1e9) > 0 ? null : "has no request after start_s";

    private static void Sessions(SessionsConfig sessions, WorkloadConfig workload, Findings findings)
    {
        const string Path = "workload.sessions";
        findings.Require(workload.Mix.Llm >= 1 - SumTolerance, Path, $"needs workload.mix with llm 1: conversations are language-model requests");
        findings.Require(workload.Arrival.Type != ArrivalType.Trace, Path, $"does not go with a trace, which brings its own prefixes");
        findings.Require(sessions.SystemTokens < workload.Llm.MaxTokens, $"{Path}.system_tokens", $"is {sessions.SystemTokens}; it must be below workload.llm.max_tokens {workload.Llm.MaxTokens}");
        findings.Require((long)sessions.Groups * sessions.UsersPerGroup <= 10_000_000, $"{Path}.users_per_group", $"makes {(long)sessions.Groups * sessions.UsersPerGroup} users; at most 10000000 are simulated");
    }

}
