using System.Globalization;

namespace InferMesh.Cli.Trainer;

/// <summary>One rank of the trainer: what its command line and its variables say.</summary>
internal sealed record TrainerOptions
{
    private const int MaxPort = 65535;

    /// <summary>Steps in all, 1 or more.</summary>
    public long Steps { get; init; } = 100;

    /// <summary>Length of a step without the exchange.</summary>
    public TimeSpan StepLength { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Steps between checkpoints; 0 for only those that are asked for.</summary>
    public long CheckpointEvery { get; init; } = 20;

    public int Rank { get; init; }

    public int WorldSize { get; init; } = 1;

    /// <summary>Where rank 0 listens.</summary>
    public string MasterAddress { get; init; } = "127.0.0.1";

    public int MasterPort { get; init; }

    public string Job { get; init; } = "none";

    /// <summary>Fence of the placement; 0 when it is run by hand.</summary>
    public long Fence { get; init; }

    /// <summary>Folder of checkpoints.</summary>
    public string CheckpointTo { get; init; } = "";

    /// <summary>Checkpoint to go on from, a file; "" to begin anew.</summary>
    public string ResumeFrom { get; init; } = "";

    /// <summary>Step that it should hold.</summary>
    public long ResumeStep { get; init; }

    /// <summary>How long other ranks may take to come, and to answer.</summary>
    public TimeSpan PeerLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The same with what a rank's variables say.</summary>
    /// <param name="variable">Gives a variable; null where there is none.</param>
    /// <param name="folder">Folder of checkpoints when none is named.</param>
    /// <exception cref="UsageException">A variable cannot be used.</exception>
    public TrainerOptions With(Func<string, string?> variable, string folder)
    {
        var world = (int)Whole("WORLD_SIZE", 1, 1, 1 << 20);
        return this with
        {
            WorldSize = world,
            Rank = (int)Whole("RANK", 0, 0, world - 1),
            MasterAddress = Text("MASTER_ADDR", MasterAddress),
            MasterPort = (int)Whole("MASTER_PORT", world > 1 ? null : 0, world > 1 ? 1 : 0, MaxPort),
            Job = Text("INFERMESH_JOB_ID", Job),
            Fence = Whole("INFERMESH_FENCE", 0, 0, long.MaxValue),
            CheckpointTo = Local("INFERMESH_CHECKPOINT_TO", folder),
            ResumeFrom = Local("INFERMESH_RESUME_FROM", ""),
            ResumeStep = Whole("INFERMESH_RESUME_STEP", 0, 0, long.MaxValue),
        };

        string Text(string name, string otherwise) => variable(name) is { Length: > 0 } text ? text : otherwise;

        long Whole(string name, long? otherwise, long least, long most)
        {
            if (variable(name) is not { Length: > 0 } text)
                return otherwise ?? throw new UsageException($"{name} must be set when there is more than one rank");
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? number
                : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{name} must be a whole number from {least} to {most}, not '{text}'"));
        }

        string Local(string name, string otherwise)
        {
            var text = Text(name, otherwise);
            if (!text.Contains("://", StringComparison.Ordinal))
                return text;
            return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.IsFile ? uri.LocalPath : throw new UsageException($"{name} must be a path: this trainer knows files only, not '{text}'");
        }
    }
}
