using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Common;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Jobs;

/// <summary>How many pages there are.</summary>
[GenerateSerializer, Alias("infermesh.JobIndexState")]
internal sealed class JobIndexState
{
    [Id(0)] public int Pages { get; set; }
}

/// <inheritdoc cref="IJobIndexGrain"/>
[GrainType("job-index"), KeepAlive]
internal sealed partial class JobIndexGrain([PersistentState("job-index")] IPersistentState<JobIndexState> state, TimeProvider time, IOptionsMonitor<JobSettings> settings, ILogger<JobIndexGrain> logger)
    : Grain, IJobIndexGrain
{
    private const int Parallelism = 32;
    private const int MaxChanges = 1000;
    private const int AskedAtOnce = 64;
    private static readonly TimeSpan StorePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Unstored = TimeSpan.FromMinutes(1);

    private readonly JobCatalog _catalog = new();
    private readonly ChangeSignal _newer = new(time);
    private readonly Dictionary<string, int> _pageOf = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unstored = new(StringComparer.Ordinal);
    private readonly GrainTurn _growing = new();
    private bool _storing;
    private bool _asking;
    private Task _loaded = Task.CompletedTask;
    private int _onLastPage;
    private long _incarnation;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _incarnation = time.GetUtcNow().UtcTicks;
        // Not awaited: a job that is being written waits for this grain.
        _loaded = LoadAsync();
        this.RegisterGrainTimer(_ => AskAsync(), new GrainTimerCreationOptions(StorePeriod, StorePeriod) { Interleave = true });
        this.RegisterGrainTimer(_ => StoreAsync(), new GrainTimerCreationOptions(StorePeriod, StorePeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _newer.Pulse();
        if (_loaded.IsCompletedSuccessfully) await StoreAsync();
    }

    public async Task Enter(MeshJob job)
    {
        await _loaded;
        if (_pageOf.ContainsKey(job.Id)) return;
        if (state.State.Pages == 0 || _onLastPage >= IJobPageGrain.Size) await GrowAsync();
        var page = state.State.Pages - 1;
        _onLastPage++;
        await GrainFactory.GetGrain<IJobPageGrain>(page).Put([job]);
        // Listed when it is durable.
        _pageOf[job.Id] = page;
        Take(job);
    }

    public async Task Changed(MeshJob job)
    {
        await _loaded;
        // One that was never entered belongs to an index that was lost; it is entered now.
        if (!_pageOf.ContainsKey(job.Id)) await Enter(job);
        else if (Take(job)) _unstored.Add(job.Id);
    }

    public async Task Forget(string job)
    {
        await _loaded;
        if (!_pageOf.Remove(job, out var page)) return;
        _catalog.Remove(job);
        await GrainFactory.GetGrain<IJobPageGrain>(page).Remove(job);
    }

    public async Task<JobPage> List(JobQuery query)
    {
        await _loaded;
        return _catalog.List(query);
    }

    public async Task<JobChanges> ChangedSince(long incarnation, long version, TimeSpan wait)
    {
        await _loaded;
        if (incarnation != _incarnation) version = 0;
        else if (_catalog.Version == version) await _newer.WaitAsync(wait);
        var first = version == 0;
        var jobs = _catalog.ChangedSince(version, MaxChanges, out var upTo);
        return new(_incarnation, upTo, first ? [.. jobs.Where(static j => !j.State.IsTerminal())] : jobs, upTo < _catalog.Version);
    }

    /// <summary>
    /// Asks jobs how they are, some each second, those first that have not ended or have never been stored: what was lost with a silo, here or there, is made good, and a job whose silo died
    /// begins to live again.
    /// </summary>
    private async Task AskAsync()
    {
        if (!_loaded.IsCompletedSuccessfully || _asking) return;
        _asking = true;
        try
        {
            var now = time.GetUtcNow();
            await Parallel.ForEachAsync(
                _catalog.NextOpen(AskedAtOnce), new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
                async (known, _) =>
                {
                    if (await GrainFactory.GetGrain<IJobGrain>(known.Id).Get() is { } job) await Changed(JobCatalog.Listed(job));
                    // Whoever submitted it was told that it failed.
                    else if (known.Version == 0 && now - known.SubmittedAt > Unstored) await Forget(known.Id);
                });
            foreach (var old in _catalog.OldestEnded(Math.Clamp(_catalog.Ended - settings.CurrentValue.KeepEnded, 0, AskedAtOnce)))
            {
                if (await GrainFactory.GetGrain<IJobGrain>(old).Forget()) await Forget(old);
            }
        }
        catch (Exception e)
        {
            AskFailed(e.Message);
        }
        finally
        {
            _asking = false;
        }
    }

    private bool Take(MeshJob job)
    {
        if (!_catalog.Put(job)) return false;
        _newer.Pulse();
        return true;
    }

    private async Task GrowAsync()
    {
        await _growing.EnterAsync();
        try
        {
            if (state.State.Pages > 0 && _onLastPage < IJobPageGrain.Size) return;
            state.State.Pages++;
            try
            {
                await state.WriteStateAsync();
            }
            catch
            {
                state.State.Pages--;
                throw;
            }
            _onLastPage = 0;
        }
        finally
        {
            _growing.Leave();
        }
    }

    private async Task LoadAsync()
    {
        try
        {
            var pages = new IReadOnlyList<MeshJob>[state.State.Pages];
            await Parallel.ForAsync(
                0, pages.Length, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
                async (i, _) => pages[i] = await GrainFactory.GetGrain<IJobPageGrain>(i).Read());
            foreach (var (i, page) in pages.Index())
            {
                foreach (var job in page)
                {
                    _pageOf[job.Id] = i;
                    _catalog.Put(job);
                }
            }
            _onLastPage = pages is [.., var last] ? last.Count : 0;
            _newer.Pulse();
        }
        catch (Exception e)
        {
            LoadFailed(e.Message);
            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>Stores what has changed, page by page; what fails is stored the next time. The jobs themselves have the truth.</summary>
    private async Task StoreAsync()
    {
        if (!_loaded.IsCompletedSuccessfully || _unstored.Count == 0 || _storing) return;
        _storing = true;
        try
        {
            var taken = _unstored.ToArray();
            _unstored.Clear();
            var pages = taken.Where(_pageOf.ContainsKey).GroupBy(id => _pageOf[id]).ToArray();
            await Parallel.ForEachAsync(
                pages, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
                async (page, _) =>
                {
                    try
                    {
                        await GrainFactory.GetGrain<IJobPageGrain>(page.Key).Put([.. page.Select(_catalog.Find).OfType<MeshJob>()]);
                    }
                    catch (Exception e)
                    {
                        foreach (var id in page) _unstored.Add(id);
                        StoreFailed(page.Key, e.Message);
                    }
                });
        }
        finally
        {
            _storing = false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The index of jobs could not be read: {Reason}")]
    private partial void LoadFailed(string reason);

    [LoggerMessage(LogLevel.Information, "Jobs could not be asked how they are, and are asked again: {Reason}")]
    private partial void AskFailed(string reason);

    [LoggerMessage(LogLevel.Warning, "Page {Page} of the index of jobs was not stored, and is tried again: {Reason}")]
    private partial void StoreFailed(int page, string reason);
}

/// <summary>Jobs of one page.</summary>
[GenerateSerializer, Alias("infermesh.JobPageState")]
internal sealed class JobPageState
{
    [Id(0)] public List<MeshJob> Jobs { get; set; } = [];
}

/// <inheritdoc cref="IJobPageGrain"/>
[GrainType("job-page")]
internal sealed class JobPageGrain : Grain, IJobPageGrain
{
    private readonly IPersistentState<JobPageState> _state;
    private readonly CoalescedWriter _writer;

    public JobPageGrain([PersistentState("job-page")] IPersistentState<JobPageState> state)
    {
        _state = state;
        _writer = new(state.WriteStateAsync);
    }

    public async Task Put(IReadOnlyList<MeshJob> jobs)
    {
        foreach (var job in jobs)
        {
            var at = _state.State.Jobs.FindIndex(j => j.Id == job.Id);
            if (at < 0) _state.State.Jobs.Add(job);
            else if (_state.State.Jobs[at].Version < job.Version) _state.State.Jobs[at] = job;
        }
        await StoreAsync();
    }

    public async Task Remove(string job)
    {
        if (_state.State.Jobs.RemoveAll(j => j.Id == job) > 0) await StoreAsync();
    }

    public Task<IReadOnlyList<MeshJob>> Read() => Task.FromResult<IReadOnlyList<MeshJob>>([.. _state.State.Jobs]);

    private async Task StoreAsync()
    {
        try
        {
            await _writer.WriteAsync();
        }
        catch
        {
            // What is in memory is not what is stored: the next activation reads the truth.
            DeactivateOnIdle();
            throw;
        }
    }
}
