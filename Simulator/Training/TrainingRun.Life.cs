using InferMesh.Strategies.Training;

namespace InferMesh.Simulator.Training;

/// <summary>What happens to jobs: they begin, save, leave, lose nodes and end.</summary>
internal sealed partial class TrainingRun
{
    /// <summary>It gets a place, and begins to run after a while.</summary>
    private void Place(SimJob job, GangPlacement place, long ticks)
    {
        Hold(job, HoldsOf(job, place));
        (job.Place, job.Next, job.PlacedAt) = (place, null, _now);
        job.Lost.Clear();
        job.Enter(JobPhase.Starts, _now);
        job.Training = ToTraining(job);
        At(_now + ticks, TrainingEventKind.Began, job);
    }

    private void Begin(SimJob job)
    {
        job.Account.StartedAt ??= _now;
        job.Enter(JobPhase.Runs, _now);
        Price(job);
        // The scheduler may make it larger or move it from then on.
        _events.Add(_now + _options.SettledAfter.Ticks, new(TrainingEventKind.Woke));
    }

    /// <summary>Its speed in its place as the links are now, and its end at that speed.</summary>
    private void Price(SimJob job)
    {
        job.Settle(_now);
        var seconds = _steps.Seconds(job.Spec, job.Place!, _links.FactorOf(job.Place!));
        job.Speed = job.Place!.Workers / seconds / TimeSpan.TicksPerSecond;
        job.Inflation = _steps.BestSeconds(job.Spec, job.Place.Workers) is { } best ? seconds / best : 1;
        job.Renew();
        var left = Math.Max(0, job.Spec.Work - job.Done) / job.Speed;
        // A hair less than a tick is rounding, not work.
        At(_now + (long)Math.Min(Math.Ceiling(left - 1e-3), 3e17), TrainingEventKind.Ended, job);
    }

    private void End(SimJob job)
    {
        job.Complete(_now);
        job.Account.EndedAt = _now;
        _ended++;
        _placed.Remove(job);
        Hold(job, []);
    }

    /// <summary>It is told to give up its place, and has so long for that.</summary>
    private void Leave(SimJob job, long within)
    {
        switch (job.Phase)
        {
            case JobPhase.Runs:
                (job.Next, job.SavesInTime) = (null, job.Spec.SaveTicks <= within);
                LeaveAt(job, _now + Math.Min(job.Spec.SaveTicks, within));
                break;
            case JobPhase.Saves:
                // It was about to move: it goes back into the queue instead.
                if (job.Next is not null) Hold(job, HoldsOf(job, job.Place!));
                job.Next = null;
                if (_now + within >= job.LeavesAt) break;
                job.SavesInTime = false;
                LeaveAt(job, _now + within);
                break;
            default:
                Requeue(job);
                break;
        }
    }

    private void LeaveAt(SimJob job, long at)
    {
        job.LeavesAt = at;
        job.Enter(JobPhase.Saves, _now);
        At(at, TrainingEventKind.Left, job);
    }

    private void Left(SimJob job)
    {
        if (job.SavesInTime) job.Save(_now);
        else job.Rollback(_now);
        if (job.Next is { } next) Place(job, next, job.Spec.RestartTicks);
        else Requeue(job);
    }

    private void Requeue(SimJob job)
    {
        _placed.Remove(job);
        Hold(job, []);
        (job.Place, job.Next) = (null, null);
        job.Lost.Clear();
        job.Enter(JobPhase.Waits, _now);
        _queue.Put(ToTraining(job));
    }

    /// <summary>A node breaks: who is there loses what is not saved.</summary>
    private bool Fail(in TrainingEvent e)
    {
        var node = e.Index;
        if (_fleet.IsDown(node)) return false;
        foreach (var job in _placed.Where(j => j.Holds.ContainsKey(node)).ToArray()) Lose(job, node);
        _fleet.SetDown(node, down: true);
        _demand.TakeBack();
        _events.Add(_now + e.ForTicks, new(TrainingEventKind.NodeRepaired, node));
        return true;
    }

    private void Lose(SimJob job, int node)
    {
        var name = _fleet.Nodes[node].Id;
        var isHere = job.Place!.Groups.Any(g => g.Node == name);
        if (job.Phase == JobPhase.Saves && job.Next is not null && !isHere)
        {
            // It was not there yet: it stays where it is, and does not move.
            job.Next = null;
            Hold(job, HoldsOf(job, job.Place));
            job.Enter(JobPhase.Runs, _now);
            Price(job);
            return;
        }
        job.Rollback(_now);
        if (job.Phase != JobPhase.Degraded) job.Account.Restarts++;
        if (job.Phase == JobPhase.Saves && job.Next is null)
        {
            Requeue(job);
            return;
        }
        job.Next = null;
        job.Lost.Add(name);
        var holds = HoldsOf(job, job.Place);
        foreach (var lost in job.Lost) holds.Remove(_fleet.IndexOf(lost));
        Hold(job, holds);
        if (job.Phase != JobPhase.Degraded) job.Enter(JobPhase.Degraded, _now);
    }

    /// <summary>Serving wants a node back: who is there leaves it by the deadline.</summary>
    private void AskBack(int node)
    {
        foreach (var job in _placed.Where(j => j.Holds.ContainsKey(node)).ToArray())
        {
            if (job.Phase != JobPhase.Saves || job.Next is not null) job.Account.Reclaims++;
            Leave(job, _demand.Deadline);
        }
    }

    private Dictionary<int, int> HoldsOf(SimJob job, GangPlacement place) => place.Groups.ToDictionary(g => _fleet.IndexOf(g.Node), g => g.Workers * job.Spec.GpusPerWorker);

    /// <summary>Of each node the job holds so many GPUs from now on.</summary>
    private void Hold(SimJob job, Dictionary<int, int> wanted)
    {
        job.Settle(_now);
        foreach (var (node, gpus) in job.Holds.ToArray())
        {
            var keeps = Math.Min(gpus, wanted.GetValueOrDefault(node));
            _fleet.Hold(node, keeps - gpus);
            if (keeps > 0) job.Holds[node] = keeps;
            else job.Holds.Remove(node);
        }
        foreach (var (node, gpus) in wanted)
        {
            _fleet.Hold(node, gpus - job.Holds.GetValueOrDefault(node));
            job.Holds[node] = gpus;
        }
        job.HeldGpus = job.Holds.Values.Sum(static g => (long)g);
        _demand.TakeBack();
    }
}
