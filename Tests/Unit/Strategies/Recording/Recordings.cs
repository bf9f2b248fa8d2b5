using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Strategies.Plugins;
using InferMesh.Strategies.Recording;

namespace InferMesh.Tests.Unit.Strategies.Recording;

/// <summary>Keeps the files of a recording in memory; it may run out of room for a while.</summary>
internal sealed class MemorySink : IRecordingSink
{
    private readonly SortedDictionary<int, List<byte>> _files = [];

    public bool IsFull { get; set; }

    public IReadOnlyList<byte[]> Files => [.. _files.Values.Select(static f => f.ToArray())];

    public bool TryWrite(byte[] bytes, int file, bool begins, int decisions)
    {
        if (IsFull) return false;
        Assert.AreEqual(begins, _files.TryAdd(file, []), "A file is begun once, and first.");
        _files[file].AddRange(bytes);
        return true;
    }
}

/// <summary>Recordings of decisions that the live kernel made in a simulated mesh (synthetic).</summary>
internal static class Recordings
{
    /// <summary>Records the first strategy of a configuration.</summary>
    public static IReadOnlyList<byte[]> Of(SimConfig config)
    {
        var sink = new MemorySink();
        SimulationRunner.Run(config with { Strategies = [config.Strategies[0]] }, new() { Threads = 1, Record = (_, _, _) => sink });
        return sink.Files;
    }

    /// <summary>Reads files in order; each must be whole.</summary>
    public static long Read(IEnumerable<byte[]> files, IRecordingVisitor visitor, HostedStrategyFactory? plugins = null)
    {
        var reader = new RecordingReader(plugins);
        var decisions = 0L;
        foreach (var file in files)
        {
            var read = reader.Read(file, visitor);
            Assert.AreEqual("", read.Problem);
            Assert.AreEqual(0, read.LostBytes);
            decisions += read.Decisions;
        }
        return decisions;
    }
}
