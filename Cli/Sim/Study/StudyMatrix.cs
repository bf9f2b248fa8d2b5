using System.Globalization;
using InferMesh.Cli.Sim.Matrix;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Cli.Sim.Study;

/// <summary>The cells of the study: load x fleet x staleness x cells x workload, 16 nodes each, with every strategy and the oracle.</summary>
internal static class StudyMatrix
{
    public const int Nodes = 16;

    /// <summary>What requests are. Each of the three stresses another thing: count, bursts, caches.</summary>
    public static readonly string[] Workloads = ["short_chat", "code_bursts", "shared_prefix"];

    public static IReadOnlyList<MatrixCell> Cells(StudySize size) =>
    [
        .. from workload in Workloads
           from fleet in size.Fleets
           from staleness in size.Staleness
           from cells in size.Cells
           from rho in size.Rhos
           select Cell(size, workload, fleet, staleness, cells, rho),
    ];

    private static MatrixCell Cell(StudySize size, string workload, string fleet, string staleness, int cells, string rho)
    {
        var load = double.Parse(rho, CultureInfo.InvariantCulture);
        var config = new SimConfig
        {
            Seed = 1,
            DurationS = size.HorizonSeconds,
            Strategies = [.. SimOptions.AllStrategies.Select(static n => new StrategyConfig(n))],
            Topology = Fleet(fleet) with { Cells = cells, NodesPerCell = Nodes / cells },
            Workload = Workload(workload, load),
            SloClasses = [Goal(workload)],
        };
        config = SweepMatrix.Stale(config, staleness == "fresh" ? 0 : 1);
        return new([("workload", workload), ("fleet", fleet), ("staleness", staleness), ("cells", cells.ToString(CultureInfo.InvariantCulture)), ("rho", rho)], config);
    }

    private static TopologyConfig Fleet(string name) => name == "homogeneous"
        ? new() { GpuProfiles = [new() { Name = "H100-80G" }] }
        : new()
        {
            GpuProfiles = [new() { Name = "H100-80G", Share = 2 }, new() { Name = "A100-80G", Share = 1 }, new() { Name = "L40S-48G", Share = 1 }],
            Mig = new() { Enable = true, Share = 0.25, Profiles = [new("3g.40gb", 0.5), new("3g.40gb-b", 0.5)] },
        };

    private static WorkloadConfig Workload(string name, double rho) => name switch
    {
        "short_chat" => new()
        {
            Arrival = new() { Type = ArrivalType.Poisson, Rho = rho },
            Llm = new() { InTokens = Lognormal(5.0, 0.8), OutTokens = Lognormal(4.7, 0.6), MaxTokens = 8_192 },
        },
        "code_bursts" => new()
        {
            Arrival = Bursts with { Rho = rho },
            Llm = new() { InTokens = Lognormal(7.0, 1.2), OutTokens = Lognormal(2.8, 0.9), MaxTokens = 7_437 },
        },
        _ => new()
        {
            Arrival = new() { Type = ArrivalType.Poisson, Rho = rho },
            Llm = new() { InTokens = Lognormal(5.3, 0.5), OutTokens = Lognormal(4.6, 0.5), MaxTokens = 16_384 },
            Sessions = new() { Groups = 40, UsersPerGroup = 25, SystemTokens = 3_000 },
        },
    };

    /// <summary>
    /// Arrivals like those of the Azure code trace of 2023, fitted on its counts: silent five sixths of the time, else six times the mean rate. Counts
    /// of 1, 10 and 60 s of the trace have variances of 13.2, 71 and 161 times their mean, this process 13.2, 75 and 121. The fleet of the
    /// study takes some fifty times the requests, so that time runs fifty times as fast.
    /// </summary>
    internal static ArrivalConfig Bursts { get; } = new() { Type = ArrivalType.Mmpp, RatesRps = [780, 0], DwellS = [0.12, 0.606] };

    // Chats: what the interactive scenario of MLPerf Inference v5.0 asks for at p99 (Llama-2-70B: 450 ms to the first token, 40 ms per token).
    private static SloClassConfig Goal(string workload) => workload switch
    {
        "short_chat" => new("chat", 1, TtftS: 0.45, TpotS: 0.04),
        "code_bursts" => new("completion", 1, TtftS: 1, E2eS: 4),
        _ => new("assistant", 1, TtftS: 0.45, TpotS: 0.04),
    };

    private static DistConfig Lognormal(double mu, double sigma) => new() { Dist = DistKind.Lognormal, Mu = mu, Sigma = sigma };
}
