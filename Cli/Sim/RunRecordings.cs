using System.Collections.Concurrent;
using System.Globalization;
using InferMesh.Simulator.Recording;
using InferMesh.Strategies.Recording;

namespace InferMesh.Cli.Sim;

/// <summary>The recordings of the runs of a command: a folder for each. Runs may be on several threads.</summary>
internal sealed class RunRecordings : IDisposable
{
    private readonly ConcurrentBag<RecordingFolder> _open = [];
    private readonly string _folder;

    /// <exception cref="UsageException">The folder cannot be made.</exception>
    public RunRecordings(string folder)
    {
        _folder = folder;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--record: cannot make the folder '{folder}': {e.Message}");
        }
    }

    public IRecordingSink Open(ulong recording, ulong seed, string strategy)
    {
        var opened = new RecordingFolder(Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{strategy}-{seed}")), recording);
        _open.Add(opened);
        return opened;
    }

    /// <summary>To be asked when the results are safe.</summary>
    /// <exception cref="CommandFailedException">A recording ended early.</exception>
    public void Check()
    {
        if (_open.Select(static o => o.Problem).OfType<string>().Order(StringComparer.Ordinal).FirstOrDefault() is { } problem)
            throw new CommandFailedException($"--record: {problem}; the recording ends there, the results are whole");
    }

    public void Dispose()
    {
        foreach (var one in _open) one.Dispose();
    }
}
