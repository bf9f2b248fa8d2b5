using System.Globalization;
using System.Text.Json;

namespace InferMesh.Cli.Trainer;

/// <summary>State of the synthetic job after a step.</summary>
/// <param name="Step">Step.</param>
/// <param name="Fence">Fence of the placement that wrote it.</param>
/// <param name="WorldSize">Ranks that it had.</param>
/// <param name="Vector">The sum of all that was exchanged.</param>
internal sealed record TrainerCheckpoint(long Step, long Fence, int WorldSize, double[] Vector)
{
    /// <summary>Nothing here is of a real model.</summary>
    public bool Synthetic { get; init; } = true;
}

/// <summary>Checkpoints of one job in a folder. The fence is in a file's name, so that a rank of an earlier placement sees that it has been followed.</summary>
internal sealed class TrainerCheckpoints(string folder, string job)
{
    private const int Kept = 3;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private string Prefix => $"{string.Concat(job.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'))}.checkpoint-";

    /// <summary>Reads one.</summary>
    /// <returns>Null with the reason when there is none that can be read.</returns>
    public static (TrainerCheckpoint? Checkpoint, string Why) Read(string file)
    {
        try
        {
            var read = JsonSerializer.Deserialize<TrainerCheckpoint>(File.ReadAllText(file), Json);
            return read is { Step: >= 0, Vector.Length: TrainerSum.Length } ? (read, "") : (null, $"{file} holds no checkpoint of this trainer");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            return (null, exception.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>Writes one whole or not at all, and removes all but the newest few.</summary>
    /// <returns>Its file.</returns>
    /// <exception cref="TrainerEndException">A later placement has written one, or it cannot be written.</exception>
    public string Write(TrainerCheckpoint checkpoint)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var known = Known();
            if (known.Length > 0 && known.Max(static entry => entry.Fence) is var fence && fence > checkpoint.Fence)
                throw new TrainerEndException(TrainerExit.Fenced, string.Create(CultureInfo.InvariantCulture, $"a placement with fence {fence} writes checkpoints: this one with fence {checkpoint.Fence} does not any more"));
            var file = Path.GetFullPath(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{checkpoint.Fence}-{checkpoint.Step}.json")));
            var part = string.Create(CultureInfo.InvariantCulture, $"{file}.{Environment.ProcessId}.part");
            using (var stream = new FileStream(part, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(stream, checkpoint, Json);
                stream.Flush(flushToDisk: true);
            }

            File.Move(part, file, overwrite: true);
            foreach (var old in known.Where(entry => entry.File != file).OrderByDescending(static entry => (entry.Fence, entry.Step)).Skip(Kept - 1)) File.Delete(old.File);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TrainerEndException(InferMeshCommand.ExitFailed, $"the checkpoint cannot be written: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private (string File, long Fence, long Step)[] Known() =>
    [
        .. Directory.EnumerateFiles(folder, $"{Prefix}*.json").Select(file => (File: Path.GetFullPath(file), Numbers: Path.GetFileNameWithoutExtension(file)[Prefix.Length..].Split('-')))
            .Where(static entry => entry.Numbers is [var fence, var step] && IsWhole(fence) && IsWhole(step))
            .Select(static entry => (entry.File, long.Parse(entry.Numbers[0], CultureInfo.InvariantCulture), long.Parse(entry.Numbers[1], CultureInfo.InvariantCulture))),
    ];

    private static bool IsWhole(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
