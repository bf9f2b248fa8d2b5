namespace InferMesh.Cli.Agent.Config;

/// <summary>Whether and how the agent runs ranks of training jobs.</summary>
internal sealed record TrainingConfig
{
    /// <summary>Program that is always allowed: this program's own trainer.</summary>
    public const string Trainer = "infermesh-trainer";

    /// <summary>A topology file is made of the PCI devices that the kernel shows, where there is a GPU among them.</summary>
    public const string TopologyAuto = "auto";

    /// <summary>Ranks get no topology file.</summary>
    public const string TopologyNone = "none";

    /// <summary>Whether the mesh may start ranks here.</summary>
    public bool Enabled { get; init; }

    /// <summary>Name or address at which ranks on other nodes reach this one.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Folder with a folder per job.</summary>
    public string WorkDir { get; init; } = Path.Combine(Path.GetTempPath(), "infermesh-jobs");

    /// <summary>Programs that jobs may name, beside <see cref="Trainer"/>; each a bare name or a full path.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>NCCL's topology file for ranks: <see cref="TopologyAuto"/>, <see cref="TopologyNone"/>, or the full path of one.</summary>
    public string Topology { get; init; } = TopologyAuto;
}
