using System.Diagnostics;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies.Training.Scheduling;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Jobs;

/// <summary>What tenants have used, as it is stored now and then.</summary>
[GenerateSerializer, Alias("infermesh.JobUsageState")]
internal sealed class JobUsageState
{
    [Id(0)] public DateTimeOffset At { get; set; }

    [Id(1)] public Dictionary<string, double> Used { get; set; } = [];
}

/// <inheritdoc cref="IJobSchedulerGrain"/>
/// <remarks>
/// Nothing that it decides is stored here: jobs come from their index, GPUs from the ledgers, agents from their nodes. A second scheduler, as there may be for a while when a silo dies, does no
/// harm: ledgers and jobs take what came first.
/// </remarks>
[GrainType("job-scheduler"), KeepAlive]
internal sealed partial class JobSchedulerGrain(
    [PersistentState("job-usage")] IPersistentState<JobUsageState> usage, TimeProvider time, IOptionsMonitor<JobSettings> settings, SiloPlugins plugins, ILogger<JobSchedulerGrain> logger)
    : Grain, IJobSchedulerGrain
{
    private const int Parallelism = 16;
    // Well below what a call may take, which is 5 s by default.
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StorePeriod = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, SchedulerPlan> _plans = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JobStrategies _strategies = null!;
    private JobBook _book = null!;
    private FleetFacts _facts = null!;
    private TenantFacts _tenants = null!;
    private JobActions _actions = null!;
    private FairShare _share = null!;
    private TrainingFleet _fleet = TrainingFleet.Empty;
    private DateTimeOffset _begin;
    private DateTimeOffset _plannedAt;
    private DateTimeOffset _storedAt;
    private double _planMs;
    private bool _known;
    private bool _planning;
    private bool _again;

    private JobSettings Settings => settings.CurrentValue;

    private DateTimeOffset Now => time.GetUtcNow();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _strategies = new(plugins, time);
        _book = new(_strategies);
        _facts = new(GrainFactory, time);
        _tenants = new(GrainFactory, time);
        _actions = new(GrainFactory, time, _strategies, _book.Remove, logger);
        _share = new(Settings.UsageHalfLife, usage.State.At == default ? Now : usage.State.At, usage.State.Used);
        // Agents announce themselves within one long poll: by then the whole fleet is known.
        _begin = Now + (Settings.Lease < TimeSpan.FromSeconds(6) ? Settings.Lease : TimeSpan.FromSeconds(6));
        _storedAt = Now;
        _ = FollowAsync();
        this.RegisterGrainTimer(_ => PlanAsync(), new GrainTimerCreationOptions(Settings.PlanPeriod, Settings.PlanPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _stop.TrySetResult();
        _strategies.End();
        JobMetrics.Ended();
        await StoreAsync();
    }

    public Task Announce(LauncherStatus launcher)
    {
        if (_facts.Announce(launcher, Settings.GoneAfter)) Wake();
        return Task.CompletedTask;
    }

    public Task Wake()
    {
        // Not awaited: who changed something does not wait for what becomes of it.
        _ = PlanAsync();
        return Task.CompletedTask;
    }

    public async Task<JobPreview> DryRun(JobSpec spec)
    {
        await _strategies.LoadedAsync(spec.Strategy, () => _book.Strategies);
        _fleet = await _facts.ReadAsync(Settings.GoneAfter);
        await _tenants.ReadAsync([.. Tenants().Append(spec.Tenant)]);
        var job = new MeshJob { Id = $"dry-run-{Guid.NewGuid():n}", Spec = spec, SubmittedAt = Now, DesiredWorkers = spec.Workers };
        var queue = _book.QueueOf(spec.MigProfile);
        queue.Put(JobMapping.ToTraining(job, Now, _strategies));
        SchedulerPlan plan;
        try
        {
            plan = Plan(queue, spec.MigProfile, job);
        }
        finally
        {
            queue.Remove(job.Id);
        }
        if (plan.Starts.FirstOrDefault(s => s.Job.Id == job.Id) is { } start && _actions.Draft(job, start.Placement, _fleet) is { } place)
            return new("placed", place.Why, place, []);
        var why = plan.Waits.GetValueOrDefault(job.Id);
        var preempts = plan.Vacates.Where(v => v.For == job.Id).Select(static v => v.Job.Job.Id).ToArray();
        return new(why is WaitReason.NoSuchGpu or WaitReason.TooLarge ? "never" : "waits", JobWaits.Text(why, job, plan, _fleet, _tenants.NodesOf(spec.Tenant, _fleet)), null, preempts);
    }

    public Task<JobExplanation?> Explain(string job) =>
        Task.FromResult(_book.Find(job) is not { } found ? null : JobWaits.Explain(found, _plans.GetValueOrDefault(found.Spec.MigProfile) ?? new(), _book.QueueOf(found.Spec.MigProfile), _fleet, _tenants.NodesOf(found.Spec.Tenant, _fleet), _share.Of(found.Spec.Tenant)));

    public Task<CapacityView> Capacity()
    {
        var held = _book.Placed.GroupBy(static j => j.Spec.Tenant, StringComparer.Ordinal).ToDictionary(static t => t.Key, static t => t.Sum(static j => j.Placement?.Groups.Sum(static g => g.Gpus.Count) ?? 0), StringComparer.Ordinal);
        var waiting = _book.Kinds.SelectMany(k => _book.QueueOf(k).Tenants.Select(t => (Tenant: t, Count: _book.QueueOf(k).CountOf(t)))).GroupBy(static t => t.Tenant, StringComparer.Ordinal).ToDictionary(static t => t.Key, static t => t.Sum(static x => x.Count), StringComparer.Ordinal);
        return Task.FromResult(new CapacityView
        {
            Nodes = [.. _fleet.Nodes.OrderBy(static n => n.Id, StringComparer.Ordinal).Select(_fleet.Capacity)],
            Tenants =
            [
                .. held.Keys.Union(waiting.Keys).Union(_share.Used.Keys).Order(StringComparer.Ordinal).Select(t => new TenantCapacity(
                    t, held.GetValueOrDefault(t), _tenants.Of(t).MaxGpus, _tenants.Of(t).Weight, _share.Of(t), waiting.GetValueOrDefault(t))),
            ],
            PlannedAt = _plannedAt,
            PlanMs = _planMs,
            Waiting = _book.Waiting,
            ReservedFor = _plans.Values.Select(static p => p.Reservation?.Job.Id).FirstOrDefault(static id => id is not null) ?? "",
        });
    }

    /// <summary>Follows the index, for as long as this grain lives.</summary>
    private async Task FollowAsync()
    {
        var (incarnation, version) = (0L, 0L);
        while (!_stop.Task.IsCompleted)
        {
            try
            {
                var reading = GrainFactory.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key).ChangedSince(incarnation, version, Poll);
                await Task.WhenAny(reading, _stop.Task);
                if (_stop.Task.IsCompleted) return;
                var changes = await reading;
                if (changes.Incarnation != incarnation) _book.Clear();
                // Nothing is planned with a part of what there is.
                if (changes.Incarnation != incarnation) _known = false;
                (incarnation, version) = (changes.Incarnation, changes.Version);
                var news = false;
                foreach (var job in changes.Jobs) news |= _book.Put(job, Now);
                _known |= !changes.More;
                if (news) _ = PlanAsync();
            }
            catch (Exception e)
            {
                NotFollowed(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
        }
    }

    private async Task PlanAsync()
    {
        // One at a time: the plan that runs may have read what has changed since, so another follows.
        if (_planning)
        {
            _again = true;
            return;
        }
        _planning = true;
        try
        {
            do
            {
                _again = false;
                await PlanOnceAsync();
            }
            while (_again && !_stop.Task.IsCompleted);
        }
        catch (Exception e)
        {
            NotPlanned(e.Message);
        }
        finally
        {
            _planning = false;
        }
    }

    private async Task PlanOnceAsync()
    {
        if (!_known || Now < _begin) return;
        // They are loaded while the rest is read.
        _strategies.Begin(_book.Strategies);
        _fleet = await _facts.ReadAsync(Settings.GoneAfter);
        await _tenants.ReadAsync([.. Tenants()]);
        Count();
        var due = _book.Due(Now);
        await EachAsync(due, async job => Took(await _actions.VacateAsync(job, JobGoal.Fail, null, "its deadline has passed while it waited")));
        var started = Stopwatch.GetTimestamp();
        var spent = TimeSpan.Zero;
        var idle = _plans.Keys.Except(_book.Kinds).ToArray();
        foreach (var kind in idle) _plans.Remove(kind);
        foreach (var kind in _book.Kinds)
        {
            started = Stopwatch.GetTimestamp();
            var plan = _plans[kind] = Plan(_book.QueueOf(kind), kind);
            spent += Stopwatch.GetElapsedTime(started);
            await CarryOutAsync(plan);
        }
        await ReclaimAsync();
        await RefreshHintsAsync();
        (_plannedAt, _planMs) = (Now, spent.TotalMilliseconds);
        JobMetrics.Planned(spent, _book.Waiting, _book.Placed);
        if (Now - _storedAt >= StorePeriod) await StoreAsync();
    }

    /// <summary>Plans what waits for a kind of device. Jobs whose plugin is about to be loaded are left for a later plan: they hold nobody up.</summary>
    /// <param name="queue">Jobs that wait.</param>
    /// <param name="kind">Kind of device.</param>
    /// <param name="preview">A job that is there to be previewed, and does not wait any longer; null for none.</param>
    private SchedulerPlan Plan(JobQueue queue, string kind, MeshJob? preview = null)
    {
        _strategies.Begin(preview is null ? _book.Strategies : [.. _book.Strategies, preview.Spec.Strategy]);
        TrainingJob[] later = _strategies.AwaitsAny ? [.. queue.InTurn(static _ => 0).Where(j => j.Id != preview?.Id && _strategies.IsAwaited(j.Strategy))] : [];
        foreach (var job in later) queue.Remove(job.Id);
        try
        {
            return TrainingScheduler.Plan(queue, Input(kind));
        }
        finally
        {
            foreach (var job in later) queue.Put(job);
        }
    }

    private IEnumerable<string> Tenants() => _book.Placed.Select(static j => j.Spec.Tenant).Union(_book.Kinds.SelectMany(k => _book.QueueOf(k).Tenants));

    private SchedulerInput Input(string kind)
    {
        var now = Now;
        var nodes = _fleet.For(kind, out var lendable);
        return new()
        {
            Now = now,
            Nodes = nodes,
            Lendable = lendable,
            Placed = [.. _book.Placed.Where(j => j.Spec.MigProfile == kind && j.Placement is not null).Select(j => ToPlaced(j, now))],
            Elsewhere = [.. _book.Placed.Where(j => j.Spec.MigProfile != kind && j.Placement is not null).Select(j => ToPlaced(j, now))],
            RoomFor = _plans.GetValueOrDefault(kind)?.RoomFor ?? "",
            Tenants = _tenants.With(_share, _fleet),
            Options = new() { Preempt = Settings.Preempt, ConsolidateAfter = Settings.ConsolidateAfter, SettledAfter = Settings.SettledAfter },
        };
    }

    private PlacedJob ToPlaced(MeshJob job, DateTimeOffset now)
    {
        var lost = Lost(job);
        var placed = JobMapping.ToPlaced(job, lost, now, Settings.RestartCost, _strategies);
        // With a node of which nothing is known, or a strategy that is about to be loaded, nothing is decided about it.
        var isKnown = placed.Groups.All(g => _fleet.Find(g.Node) is not null || lost.Contains(g.Node)) && !_strategies.IsAwaited(job.Spec.Strategy);
        return isKnown ? placed : placed with { Busy = true };
    }

    private HashSet<string> Lost(MeshJob job) =>
        [.. job.LostNodes, .. job.Placement!.Groups.Select(static g => g.Node).Where(n => _fleet.Find(n)?.IsLost ?? false)];

    private async Task CarryOutAsync(SchedulerPlan plan)
    {
        await EachAsync(plan.Vacates, async vacate =>
        {
            if (_book.Find(vacate.Job.Job.Id) is not { } job) return;
            var goal = vacate.For.Length > 0 ? JobGoal.Preempt : JobGoal.Queue;
            Took(await _actions.VacateAsync(job, goal, null, goal == JobGoal.Preempt ? $"makes room for {vacate.For}" : $"lost {string.Join(", ", vacate.Job.Lost)}, and there is no room elsewhere"));
        });
        await EachAsync(plan.Moves, async move =>
        {
            if (_book.Find(move.Job.Job.Id) is { } job) Took(await _actions.PlaceAsync(job, move.Placement, _fleet, JobWaits.Text(move)));
        });
        await EachAsync(plan.Starts, async start =>
        {
            if (_book.Find(start.Job.Id) is { } job) Took(await _actions.PlaceAsync(job, start.Placement, _fleet, start.Backfilled ? "its turn, beside a job that waits for more room" : "its turn"));
        });
    }

    /// <summary>Jobs on GPUs that serving wants back leave them by the deadline.</summary>
    private Task ReclaimAsync() => EachAsync([.. _fleet.Claims.Where(static c => c is { Kind: ClaimKind.Training, ReclaimBy: not null })], async claim =>
    {
        if (_book.Find(claim.Holder) is not { Placement: { } placement } job || placement.Claim != claim.Claim || job.Stop?.By <= claim.ReclaimBy) return;
        var left = claim.ReclaimBy!.Value - Now;
        Took(await _actions.VacateAsync(job, JobGoal.Preempt, left > TimeSpan.Zero ? left : TimeSpan.Zero, "serving wants its GPUs back"));
    });

    /// <summary>Jobs whose links have become slower or faster hear of it.</summary>
    private Task RefreshHintsAsync() => EachAsync([.. _book.Placed.Where(static j => j is { State: JobState.Running, Stop: null, Placement.Groups.Count: > 1 })], async job =>
    {
        if (JobHints.Changed(job, _fleet) is not { } hint) return;
        var result = await GrainFactory.GetGrain<IJobGrain>(job.Id).Hint(job.Fence, hint, "a link of its place has changed");
        Took(result.Job);
    });

    private void Count()
    {
        var gpus = Math.Max(1, _fleet.Nodes.Sum(static n => n.Gpus.Count));
        var bytes = _fleet.Nodes.Sum(static n => n.Gpus.Sum(static g => (double)(g.VramTotalBytes ?? 0)));
        var shares = _book.Placed.GroupBy(static j => j.Spec.Tenant, StringComparer.Ordinal).ToDictionary(
            static t => t.Key,
            t =>
            {
                var held = t.SelectMany(static j => j.Placement?.Groups ?? []).ToArray();
                var memory = held.Sum(g => _fleet.Find(g.Node) is { } node ? node.Gpus.Where(d => g.Gpus.Contains(d.GpuUuid)).Sum(static d => (double)(d.VramTotalBytes ?? 0)) : 0);
                return FairShare.Dominant(held.Sum(static g => g.Gpus.Count), gpus, memory, bytes);
            },
            StringComparer.Ordinal);
        _share.Count(Now, shares);
    }

    private void Took(MeshJob? job)
    {
        if (job is not null) _book.Put(JobCatalog.Listed(job), Now);
    }

    private async Task StoreAsync()
    {
        _storedAt = Now;
        usage.State = new() { At = Now, Used = new(_share.Used, StringComparer.Ordinal) };
        try
        {
            await usage.WriteStateAsync();
        }
        catch (Exception e)
        {
            NotStored(e.Message);
            // Another one has written: what it says is as good, and it is read before the next write.
            try
            {
                await usage.ReadStateAsync();
            }
            catch (Exception again)
            {
                NotStored(again.Message);
            }
        }
    }

    private async Task EachAsync<T>(IReadOnlyList<T> items, Func<T, Task> act) => await Parallel.ForEachAsync(
        items, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, TaskScheduler = TaskScheduler.Current },
        async (item, _) =>
        {
            try
            {
                await act(item);
            }
            catch (Exception e)
            {
                // The others go on; the next plan sees how things are.
                NotDone(e.Message);
            }
        });

    [LoggerMessage(LogLevel.Warning, "Changes of jobs could not be read, and are read again: {Reason}")]
    private partial void NotFollowed(string reason);

    [LoggerMessage(LogLevel.Warning, "Jobs are not planned now, those that run go on: {Reason}")]
    private partial void NotPlanned(string reason);

    [LoggerMessage(LogLevel.Warning, "One thing of a plan could not be done, and is planned again: {Reason}")]
    private partial void NotDone(string reason);

    [LoggerMessage(LogLevel.Information, "What tenants have used was not stored, and is stored later: {Reason}")]
    private partial void NotStored(string reason);
}
