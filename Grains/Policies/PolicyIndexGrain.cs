using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Policies;

/// <inheritdoc cref="IPolicyIndexGrain"/>
[GrainType("policy-index"), KeepAlive]
internal sealed partial class PolicyIndexGrain(TimeProvider time, ILogger<PolicyIndexGrain> logger) : Grain, IPolicyIndexGrain
{
    private const int Parallelism = 32;
    private static readonly TimeSpan ReconcilePeriod = TimeSpan.FromSeconds(15);

    private readonly SortedDictionary<string, Policy> _policies = new(StringComparer.Ordinal);
    private readonly ChangeSignal _newer = new(time);
    private long _incarnation;
    private long _version;
    private Task _loaded = Task.CompletedTask;

    private PolicyListing Listing => new(_incarnation, _version, [.. _policies.Values.Where(p => !p.Deleted)]);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _incarnation = time.GetUtcNow().UtcTicks;
        // Not awaited: a policy that is being written waits for this grain, and this grain would wait for it.
        _loaded = LoadAsync();
        this.RegisterGrainTimer(ReconcileAsync, new GrainTimerCreationOptions(ReconcilePeriod, ReconcilePeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _newer.Pulse();
        return Task.CompletedTask;
    }

    public Task Changed(Policy policy)
    {
        // Deletions stay as markers, so that a late message about an older version cannot bring the policy back.
        if (_policies.TryGetValue(policy.Name, out var held) && held.Version >= policy.Version) return Task.CompletedTask;
        _policies[policy.Name] = policy;
        _version++;
        _newer.Pulse();
        return Task.CompletedTask;
    }

    public async Task<PolicyListing> List()
    {
        await _loaded;
        return Listing;
    }

    public async Task<PolicyListing?> WaitForNewer(long incarnation, long version, TimeSpan wait)
    {
        await _loaded;
        if (_incarnation == incarnation && _version == version) await _newer.WaitAsync(wait);
        return _incarnation == incarnation && _version == version ? null : Listing;
    }

    private async Task LoadAsync()
    {
        try
        {
            await ReadAllAsync();
        }
        catch (Exception e)
        {
            LoadFailed(e.Message);
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task ReadAllAsync()
    {
        var names = (await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Policies).List()).Names;
        await Parallel.ForEachAsync(
            names,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
            async (name, _) =>
            {
                var history = await GrainFactory.GetGrain<IPolicyGrain>(name).History();
                if (history is [var newest, ..]) await Changed(newest);
            });
    }

    private async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAllAsync();
        }
        catch (Exception e)
        {
            LoadFailed(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The policy index could not read all policies: {Reason}")]
    private partial void LoadFailed(string reason);
}
