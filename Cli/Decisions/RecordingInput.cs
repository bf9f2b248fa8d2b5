using System.CommandLine;
using InferMesh.Simulator.Recording;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Recording;

namespace InferMesh.Cli.Decisions;

/// <summary>The option <c>--input</c> of commands that read recordings, and the reading.</summary>
internal sealed class RecordingInput
{
    public Option<string> Option { get; } = new Option<string>("--input", "-i") { Description = "Recording of decisions: a file (.imdr), or a folder with such files at any depth.", Required = true }.NotEmpty();

    /// <summary>Reads all files in order. What is damaged goes to <paramref name="error"/>, a line a file, and counts as not there.</summary>
    /// <exception cref="UsageException">There is nothing to read, or no file is a recording.</exception>
    public RecordingRead Read(ParseResult parsed, IRecordingVisitor visitor, TextWriter? error, CancellationToken stop, HostedStrategyFactory? plugins = null) =>
        Each(parsed, visitor, error, stop, plugins).Last();

    /// <summary>The same file by file: after each of them all that was read until then.</summary>
    public IEnumerable<RecordingRead> Each(ParseResult parsed, IRecordingVisitor visitor, TextWriter? error, CancellationToken stop, HostedStrategyFactory? plugins = null)
    {
        var path = parsed.GetRequiredValue(Option);
        var (reader, headers) = (new RecordingReader(plugins), new List<RecordingHeader>());
        var (decisions, bytes, damaged) = (0L, 0L, 0);
        var files = Files(path);
        string? none = null;
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            var content = Content(file);
            var read = reader.Read(content, visitor);
            if (read.Problem.Length > 0) damaged++;
            if (read.Header is { } header)
            {
                headers.Add(header);
                (decisions, bytes) = (decisions + read.Decisions, bytes + content.Length - read.LostBytes);
                if (read.Problem.Length > 0) error?.WriteLine($"infermesh: '{file}': {read.Problem}; its {read.Blocks} whole blocks are used, {read.LostBytes} bytes are not");
            }
            else
            {
                // A silo may end between making a file and writing to it.
                none ??= $"'{file}' {read.Problem}";
                if (files.Count > 1) error?.WriteLine($"infermesh: '{file}' {read.Problem}; it is left out");
            }
            yield return new(headers, decisions, bytes, damaged);
        }
        if (headers.Count == 0) throw new UsageException($"--input: {none}");
    }

    private static IReadOnlyList<string> Files(string path)
    {
        try
        {
            return RecordingFolder.Files(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--input: {e.Message}");
        }
    }

    private static byte[] Content(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--input: cannot read '{file}': {e.Message}");
        }
    }
}

/// <summary>What was read.</summary>
/// <param name="Headers">Of each file that has one.</param>
/// <param name="Decisions">Decisions.</param>
/// <param name="Bytes">Bytes of whole blocks.</param>
/// <param name="Damaged">Files that are not whole.</param>
internal sealed record RecordingRead(IReadOnlyList<RecordingHeader> Headers, long Decisions, long Bytes, int Damaged)
{
    public int Recordings => Headers.Select(static h => h.Recording).Distinct().Count();

    public bool Synthetic => Headers.Any(static h => h.Synthetic);
}
