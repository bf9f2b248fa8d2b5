namespace InferMesh.Cli.Fleet;

/// <summary>What a synthetic fleet is made of.</summary>
internal sealed record FleetOptions
{
    public const string DefaultModel = "llama-3.1-8b-instruct";

    /// <summary>Number of nodes, 1 to 2048.</summary>
    public int Nodes { get; init; } = 8;

    /// <summary>Number of cells, 1 to <see cref="Nodes"/>.</summary>
    public int Cells { get; init; } = 2;

    /// <summary>Port of the first node; the others follow. 0: any free ports.</summary>
    public int BasePort { get; init; } = 18000;

    /// <summary>Port of the admin interface on 127.0.0.1; 0: any free port.</summary>
    public int AdminPort { get; init; } = 17999;

    /// <summary>Seed of everything that varies: the filler text and the rotation of the GPU mix over the nodes.</summary>
    public int Seed { get; init; }

    public string GpuMix { get; init; } = Fleet.GpuMix.Default;

    public IReadOnlyList<string> Models { get; init; } = [DefaultModel];

    /// <summary>Multiplies the duration of every step: 2 is a fleet at half speed; 0.001 to 1000.</summary>
    public double TimeScale { get; init; } = 1;
}
