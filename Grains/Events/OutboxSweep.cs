using InferMesh.Grains.Abstractions.Directory;

namespace InferMesh.Grains.Events;

/// <summary>
/// Asks those who have written down that they have something to deliver, and have not taken that back for a whole period: their silo died, or the log was not there. At first it asks all of
/// them, for nobody knows what was before.
/// </summary>
internal sealed partial class OutboxSweep(IGrainFactory grains, ILogger logger)
{
    private const int Parallelism = 32;

    private HashSet<string>? _seen;
    private bool _running;

    public async Task RunAsync()
    {
        if (_running) return;
        _running = true;
        try
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            for (var shard = 0; shard < OutboxNames.Shards; shard++) names.UnionWith((await OutboxNames.Directory(grains, shard).List()).Names);
            var due = names.Where(n => _seen?.Contains(n) ?? true).ToArray();
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current }, async (name, _) => await AskAsync(name));
            _seen = names;
        }
        catch (Exception e)
        {
            NotSwept(e.Message);
        }
        finally
        {
            _running = false;
        }
    }

    private async Task AskAsync(string name)
    {
        try
        {
            await grains.GetGrain<IEventSource>(GrainId.Parse(name)).Flush();
        }
        catch (Exception e)
        {
            NotAsked(name, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Who has events to deliver could not be found out, and is tried again: {Reason}")]
    private partial void NotSwept(string reason);

    [LoggerMessage(LogLevel.Information, "{Source} could not be asked for its events, and is asked again: {Reason}")]
    private partial void NotAsked(string source, string reason);
}

/// <summary>Where it is written down who has something to deliver.</summary>
internal static class OutboxNames
{
    /// <summary>Directories, so that none gets long.</summary>
    public const int Shards = 8;

    public static IDirectoryGrain Directory(IGrainFactory grains, int shard) => grains.GetGrain<IDirectoryGrain>(FormattableString.Invariant($"outboxes/{shard}"));

    public static IDirectoryGrain DirectoryOf(IGrainFactory grains, GrainId source) => Directory(grains, (int)(source.GetUniformHashCode() % Shards));
}
