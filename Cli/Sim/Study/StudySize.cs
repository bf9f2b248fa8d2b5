namespace InferMesh.Cli.Sim.Study;

/// <summary>How much of the study is run.</summary>
/// <param name="Name">Name on the command line.</param>
/// <param name="Rhos">Loads.</param>
/// <param name="Fleets">Fleets.</param>
/// <param name="Staleness">Ages of the routers' view.</param>
/// <param name="Cells">Numbers of cells.</param>
/// <param name="HorizonSeconds">Simulated seconds of the long-running workloads.</param>
/// <param name="PrefixSeconds">Simulated seconds of the prefix scenario.</param>
internal sealed record StudySize(
    string Name, IReadOnlyList<string> Rhos, IReadOnlyList<string> Fleets, IReadOnlyList<string> Staleness, IReadOnlyList<int> Cells, double HorizonSeconds, double PrefixSeconds)
{
    /// <summary>The whole matrix.</summary>
    public static StudySize Full { get; } = new("full", ["0.3", "0.6", "0.8", "0.95"], ["homogeneous", "mixed"], ["fresh", "1s"], [1, 4], 60, 600);

    /// <summary>The corners that matter most, and a shorter horizon: minutes instead of hours.</summary>
    public static StudySize Quick { get; } = new("quick", ["0.3", "0.8", "0.95"], ["mixed"], ["fresh", "1s"], [4], 20, 600);
}
