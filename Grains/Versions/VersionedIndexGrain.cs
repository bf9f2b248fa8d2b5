using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Versions;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Versions;

/// <summary>The newest version of every object of one kind, for those who follow them by long poll. Rebuilt from the objects themselves.</summary>
internal abstract partial class VersionedIndexGrain<T>(string directory, TimeProvider time, ILogger logger) : Grain
    where T : class, IVersioned
{
    private const int Parallelism = 32;
    private static readonly TimeSpan ReconcilePeriod = TimeSpan.FromSeconds(15);

    private readonly SortedDictionary<string, T> _objects = new(StringComparer.Ordinal);
    private readonly ChangeSignal _newer = new(time);
    private Task _loaded = Task.CompletedTask;

    /// <summary>Life of this grain.</summary>
    protected long Incarnation { get; private set; }

    /// <summary>Grows with each change within the incarnation.</summary>
    protected long ListVersion { get; private set; }

    /// <summary>What exists, by name.</summary>
    protected IReadOnlyList<T> Existing => [.. _objects.Values.Where(o => !o.Deleted)];

    /// <summary>The same with deletions.</summary>
    protected IReadOnlyList<T> All => [.. _objects.Values];

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Incarnation = time.GetUtcNow().UtcTicks;
        // Not awaited: an object that is being written waits for this grain, and this grain would wait for it.
        _loaded = LoadAsync();
        this.RegisterGrainTimer(ReconcileAsync, new GrainTimerCreationOptions(ReconcilePeriod, ReconcilePeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _newer.Pulse();
        return Task.CompletedTask;
    }

    public Task Changed(T version)
    {
        // Deletions stay as markers, so that a late message about an older version cannot bring the object back.
        if (_objects.TryGetValue(version.Name, out var held) && held.Version >= version.Version) return Task.CompletedTask;
        _objects[version.Name] = version;
        ListVersion++;
        _newer.Pulse();
        return Task.CompletedTask;
    }

    /// <summary>Ends when all objects have been read once.</summary>
    protected Task LoadedAsync() => _loaded;

    /// <summary>True as soon as there is something newer than the caller has; false after <paramref name="wait"/>.</summary>
    protected async Task<bool> IsNewerAsync(long incarnation, long version, TimeSpan wait)
    {
        await _loaded;
        if (Incarnation == incarnation && ListVersion == version) await _newer.WaitAsync(wait);
        return Incarnation != incarnation || ListVersion != version;
    }

    protected abstract Task<IReadOnlyList<T>> HistoryAsync(string name);

    private async Task LoadAsync()
    {
        try
        {
            await ReadAllAsync();
        }
        catch (Exception e)
        {
            LoadFailed(directory, e.Message);
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task ReadAllAsync()
    {
        var before = _objects.ToArray();
        var names = (await GrainFactory.GetGrain<IDirectoryGrain>(directory).List()).Names;
        await Parallel.ForEachAsync(
            names,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
            async (name, _) =>
            {
                if (await HistoryAsync(name) is [var newest, ..]) await Changed(newest);
            });
        // A name goes last, so what was known before and has no name any more was deleted; what came since has another version.
        var named = names.ToHashSet(StringComparer.Ordinal);
        foreach (var (name, known) in before)
        {
            if (known.Deleted || named.Contains(name) || !ReferenceEquals(_objects.GetValueOrDefault(name), known)) continue;
            _objects.Remove(name);
            ListVersion++;
            _newer.Pulse();
        }
    }

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAllAsync();
        }
        catch (Exception e)
        {
            LoadFailed(directory, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The index of {Directory} could not read all of them: {Reason}")]
    private partial void LoadFailed(string directory, string reason);
}
