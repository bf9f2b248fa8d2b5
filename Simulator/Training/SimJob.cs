using InferMesh.Strategies.Training;
using InferMesh.Strategies.Training.Scheduling;

namespace InferMesh.Simulator.Training;

/// <summary>What a job does at the moment.</summary>
internal enum JobPhase : byte
{
    /// <summary>It is in the queue.</summary>
    Waits,

    /// <summary>It has its place and does not run yet.</summary>
    Starts,

    /// <summary>It runs.</summary>
    Runs,

    /// <summary>It saves, and then leaves its place.</summary>
    Saves,

    /// <summary>It has lost nodes, and stands still until the scheduler says what becomes of it.</summary>
    Degraded,

    /// <summary>It has ended.</summary>
    Ended,
}

/// <summary>A job while a run lasts: where it is, how far it has come, and what became of the GPU time that it had. Times are ticks.</summary>
internal sealed class SimJob(JobSpec spec)
{
    private long _settledAt = spec.SubmittedAt;
    private long _unsaved;

    public JobSpec Spec => spec;

    /// <summary>As the scheduler knows it while it has a place.</summary>
    public TrainingJob Training { get; set; } = null!;

    public JobPhase Phase { get; private set; }

    /// <summary>Where it is, or where it starts; null while it waits.</summary>
    public GangPlacement? Place { get; set; }

    /// <summary>Where it goes when it has saved; null when it gives up its place then.</summary>
    public GangPlacement? Next { get; set; }

    /// <summary>GPUs that it holds by node: of both places while it moves.</summary>
    public Dictionary<int, int> Holds { get; } = [];

    public HashSet<string> Lost { get; } = new(StringComparer.Ordinal);

    /// <summary>Events that were made for an earlier phase are void.</summary>
    public int Version { get; private set; }

    /// <summary>Since when it is in this place.</summary>
    public long PlacedAt { get; set; }

    /// <summary>Since when it runs there.</summary>
    public long RunsSince { get; private set; }

    /// <summary>Last checkpoint in this place.</summary>
    public long? CheckpointAt { get; private set; }

    /// <summary>When it will have saved, or must have left.</summary>
    public long LeavesAt { get; set; }

    /// <summary>What it does is saved by then.</summary>
    public bool SavesInTime { get; set; }

    /// <summary>Steps of one worker each that are done, and of those the ones that are saved.</summary>
    public double Done { get; private set; }

    public double Saved { get; private set; }

    /// <summary>Steps of one worker each per tick, while it runs.</summary>
    public double Speed { get; set; }

    /// <summary>A step's time over that in the best place for as many workers.</summary>
    public double Inflation { get; set; } = 1;

    public long HeldGpus { get; set; }

    public JobAccount Account { get; } = new();

    /// <summary>Counts what has passed in the present phase.</summary>
    public void Settle(long now)
    {
        var passed = now - _settledAt;
        _settledAt = now;
        if (passed == 0) return;
        switch (Phase)
        {
            case JobPhase.Waits: Account.WaitTicks += passed; break;
            case JobPhase.Starts or JobPhase.Saves: Account.OverheadGpuTicks += HeldGpus * passed; break;
            case JobPhase.Degraded: Account.StalledGpuTicks += HeldGpus * passed; break;
            case JobPhase.Runs: Run(now, passed); break;
        }
        if (Phase != JobPhase.Waits) Account.PlacedTicks += passed;
    }

    /// <summary>Goes on to another phase; what was to happen in the one before it does not.</summary>
    public void Enter(JobPhase phase, long now)
    {
        Settle(now);
        (Phase, Version) = (phase, Version + 1);
        if (phase != JobPhase.Runs) return;
        (RunsSince, CheckpointAt) = (now, null);
    }

    /// <summary>What it did while it ran is in the books as it was: only its speed changes.</summary>
    public void Renew() => Version++;

    /// <summary>All that is done is saved.</summary>
    public void Save(long now)
    {
        Settle(now);
        (Saved, _unsaved) = (Done, 0);
    }

    /// <summary>What is not saved is lost.</summary>
    public void Rollback(long now)
    {
        Settle(now);
        Account.UsefulGpuTicks -= _unsaved;
        Account.LostGpuTicks += _unsaved;
        (Done, _unsaved) = (Saved, 0);
    }

    /// <summary>All is done.</summary>
    public void Complete(long now)
    {
        Settle(now);
        if (Math.Abs(Done - spec.Work) > 1e-6 * spec.Work + Speed) throw Engine.Laws.Broken("Work", FormattableString.Invariant($"job {spec.Id} ends with {Done} of {spec.Work}"));
        Done = Saved = spec.Work;
        _unsaved = 0;
        Enter(JobPhase.Ended, now);
    }

    private void Run(long now, long passed)
    {
        Account.RunTicks += passed;
        Account.UsefulGpuTicks += HeldGpus * passed;
        Account.InflationTicks += Inflation * passed;
        Account.RackEdgeTicks += (double)Place!.CrossEdges.GetValueOrDefault(TopologyLevel.Rack) * passed;
        Account.ZoneEdgeTicks += (double)Place.CrossEdges.GetValueOrDefault(TopologyLevel.Zone) * passed;
        var (before, from) = (Done, now - passed);
        Done += Speed * passed;
        _unsaved += HeldGpus * passed;
        if (spec.CheckpointEvery <= 0) return;
        var last = RunsSince + ((now - RunsSince) / spec.CheckpointEvery * spec.CheckpointEvery);
        if (last <= from || last == RunsSince) return;
        (CheckpointAt, Saved, _unsaved) = (last, before + (Speed * (last - from)), HeldGpus * (now - last));
    }
}

/// <summary>What a job's time and that of its GPUs went to, in ticks.</summary>
internal sealed class JobAccount
{
    public long WaitTicks, PlacedTicks, RunTicks;

    /// <summary>GPU ticks of work that counted, that was lost, that moving and starting took, and that passed with lost nodes.</summary>
    public long UsefulGpuTicks, LostGpuTicks, OverheadGpuTicks, StalledGpuTicks;

    public double InflationTicks, RackEdgeTicks, ZoneEdgeTicks;

    public int Preemptions, Reclaims, Restarts, Moves;

    public long? StartedAt, EndedAt;

    public bool Backfilled;

    public long AllGpuTicks => UsefulGpuTicks + LostGpuTicks + OverheadGpuTicks + StalledGpuTicks;
}
