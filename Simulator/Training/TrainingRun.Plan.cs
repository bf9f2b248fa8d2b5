using System.Globalization;
using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Training;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Simulator.Training;

/// <summary>What the scheduler is told, and what is done of what it says.</summary>
internal sealed partial class TrainingRun
{
    private readonly FairShare _share;
    private readonly SchedulerOptions _options;
    private long _plans, _searches, _refused;
    private string _roomFor = "";

    /// <summary>Hears of every plan, before it is carried out.</summary>
    public Action<long, SchedulerPlan>? Planned { get; init; }

    private DateTimeOffset Clock => Time(_now);

    private static DateTimeOffset Time(long ticks) => Epoch + TimeSpan.FromTicks(ticks);

    private void Plan()
    {
        var nodes = _fleet.Taking(out var lendable);
        Count();
        var plan = TrainingScheduler.Plan(_queue, new()
        {
            Now = Clock,
            Nodes = nodes,
            Lendable = lendable,
            Placed = [.. _placed.Select(ToPlaced)],
            RoomFor = _roomFor,
            Tenants = Terms(),
            Options = _options,
        });
        Planned?.Invoke(_now, plan);
        _roomFor = plan.RoomFor;
        (_plans, _searches) = (_plans + 1, _searches + plan.Searches);
        if (_placed.Count == 0 && plan.Starts.Count == 0 && _queue.Count > 0 && !Enumerable.Range(0, _fleet.Nodes.Count).Any(_fleet.IsDown))
            throw Laws.Broken("End", string.Create(CultureInfo.InvariantCulture, $"all nodes are free and up, and none of {_queue.Count} jobs is started: {string.Join(", ", plan.Waits.Take(3).Select(static w => $"{w.Key} {w.Value}"))}"));
        foreach (var vacate in plan.Vacates) Vacate(_jobs[_byId[vacate.Job.Job.Id]], vacate.For);
        foreach (var move in plan.Moves) Move(_jobs[_byId[move.Job.Job.Id]], move.Placement);
        foreach (var start in plan.Starts) Start(_jobs[_byId[start.Job.Id]], start);
    }

    /// <summary>What tenants have had since the last plan counts for their turn.</summary>
    private void Count()
    {
        long gpus = _fleet.Nodes.Sum(static n => n.Gpus);
        _share.Count(Clock, _placed.GroupBy(static j => j.Spec.Tenant, StringComparer.Ordinal).ToDictionary(static t => t.Key, t => FairShare.Dominant(t.Sum(static j => j.HeldGpus), gpus, 0, 0), StringComparer.Ordinal));
    }

    private Dictionary<string, TenantTerms> Terms()
    {
        var terms = _config.Tenants.ToDictionary(static t => t.Name, t => new TenantTerms { MaxGpus = t.MaxGpus, Weight = t.Weight, Usage = _share.Of(t.Name) }, StringComparer.Ordinal);
        foreach (var tenant in _share.Used.Keys.Where(t => !terms.ContainsKey(t)).ToArray()) terms[tenant] = new() { Usage = _share.Of(tenant) };
        return terms;
    }

    private void Vacate(SimJob job, string @for)
    {
        if (@for.Length > 0) job.Account.Preemptions++;
        Leave(job, long.MaxValue / 4);
    }

    private void Move(SimJob job, GangPlacement place)
    {
        var wanted = HoldsOf(job, place);
        // What others are about to leave is not free yet: the next plan sees it.
        if (!CanHold(job, wanted))
        {
            _refused++;
            return;
        }
        job.Account.Moves++;
        if (job.Phase == JobPhase.Degraded)
        {
            Place(job, place, job.Spec.RestartTicks);
            return;
        }
        if (!job.Spec.Preemptible)
        {
            // Nobody may tell it to save.
            job.Rollback(_now);
            Place(job, place, job.Spec.RestartTicks);
            return;
        }
        var both = new Dictionary<int, int>(job.Holds);
        foreach (var (node, gpus) in wanted) both[node] = Math.Max(gpus, both.GetValueOrDefault(node));
        job.Settle(_now);
        (job.Next, job.SavesInTime) = (place, true);
        LeaveAt(job, _now + job.Spec.SaveTicks);
        Hold(job, both);
    }

    private void Start(SimJob job, JobStart start)
    {
        if (!CanHold(job, HoldsOf(job, start.Placement)))
        {
            _refused++;
            return;
        }
        _queue.Remove(job.Spec.Id);
        _placed.Add(job);
        job.Account.Backfilled |= start.Backfilled;
        Place(job, start.Placement, job.Account.StartedAt is null ? job.Spec.StartTicks : job.Spec.RestartTicks);
    }

    private bool CanHold(SimJob job, Dictionary<int, int> wanted) => wanted.All(w => w.Value - job.Holds.GetValueOrDefault(w.Key) <= _fleet.FreeOn(w.Key));

    private PlacedJob ToPlaced(SimJob job) => new()
    {
        Job = job.Training,
        Groups = job.Place!.Groups,
        Since = job.Phase == JobPhase.Runs ? Time(job.RunsSince) : Clock,
        StartedAt = Time(job.PlacedAt),
        CheckpointAt = job.CheckpointAt is { } at ? Time(at) : null,
        Lost = job.Lost,
        Busy = job.Phase is JobPhase.Starts or JobPhase.Saves,
        Leaving = job.Phase == JobPhase.Saves ? Leaving(job) : [],
        LeavesBy = job.Phase == JobPhase.Saves ? Time(job.LeavesAt) : null,
        GpusToCome = Math.Max(0, (job.Next?.Workers ?? 0) - job.Place!.Workers) * job.Spec.GpusPerWorker,
        RestartCost = TimeSpan.FromTicks(job.Spec.RestartTicks + (job.Spec.Preemptible ? job.Spec.SaveTicks : 0)),
    };

    private static WorkerGroup[] Leaving(SimJob job)
    {
        var stays = job.Next?.Groups.ToDictionary(static g => g.Node, static g => g.Workers, StringComparer.Ordinal) ?? [];
        return [.. job.Place!.Groups.Select(g => new WorkerGroup(g.Node, g.Workers - stays.GetValueOrDefault(g.Node))).Where(static g => g.Workers > 0)];
    }

    private TrainingJob ToTraining(SimJob job) => new()
    {
        Id = job.Spec.Id,
        Tenant = job.Spec.Tenant,
        Priority = job.Spec.Priority,
        SubmittedAt = Time(job.Spec.SubmittedAt),
        Gang = JobFleet.GangOf(new(job.Spec.Workers, job.Spec.LeastWorkers, job.Spec.GpusPerWorker, job.Spec.GpuTypes, job.Spec.MemoryGb), _config.Fleet.GpuTypes),
        MaxWorkers = job.Spec.MostWorkers,
        Strategy = _strategy,
        Other = _other,
        Preemptible = job.Spec.Preemptible,
        Expected = Expected(job),
        Step = new(job.Spec.GpusPerWorker, job.Spec.ComputeSeconds, job.Spec.GradientBytes),
    };

    /// <summary>What its owner says that the rest takes, with the workers that it has, from when it gets its place; null when he says nothing.</summary>
    private TimeSpan? Expected(SimJob job)
    {
        var whole = job.Spec.EstimateSeconds ?? (job.Spec.EstimateFactor is { } factor ? factor * _steps.IdealSeconds(job.Spec) : null);
        if (whole is not { } seconds) return null;
        var begin = job.Account.StartedAt is null ? job.Spec.StartTicks : job.Spec.RestartTicks;
        return TimeSpan.FromTicks(begin + Ticks.Of(seconds * (1 - (job.Done / job.Spec.Work)) * job.Spec.Workers / (job.Place?.Workers ?? job.Spec.Workers)));
    }
}
