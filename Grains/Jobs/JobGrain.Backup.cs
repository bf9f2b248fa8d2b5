using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Backup;

namespace InferMesh.Grains.Jobs;

/// <summary>Into backups and out of them: the log, which is the job. A job that had a place when it was saved waits for one again; one that is there is never taken back.</summary>
internal sealed partial class JobGrain
{
    public Task<ObjectImage?> Save()
    {
        if (_job is not { } job) return Task.FromResult<ObjectImage?>(null);
        // What is being written is not stored yet.
        var log = new JobLogState { Base = state.State.Base, Events = [.. state.State.Events.Where(e => e.Event.Sequence <= job.Version)] };
        return Task.FromResult<ObjectImage?>(new(job.Version, false, StateText.Write(log)));
    }

    public async Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        if (StateText.Read<JobLogState>(image.State) is not { } log || Fold(log) is not { } saved) return new(RestoreStatus.Invalid, _job?.Version ?? 0, "it is not a log of this job");
        if (_job is { } known)
        {
            var goesOn = known.Version >= saved.Version && known.SubmittedAt == saved.SubmittedAt && JobValidator.AreSame(known.Spec, saved.Spec);
            // Entered again: an earlier call may have died between its writes.
            if (goesOn && !dryRun) await EnterAsync(known);
            return goesOn ? new(RestoreStatus.Unchanged, known.Version)
                : new(overwrite ? RestoreStatus.Kept : RestoreStatus.Conflict, known.Version, FormattableString.Invariant($"it is there with another history, at version {known.Version}, and a job is never taken back"));
        }
        if (dryRun) return new(RestoreStatus.Created, 0);
        var metered = log.Events is [.., var last] ? last.Event.At : Now;
        var restored = new JobLife(saved, Now, metered).Restored(actor).Event;
        if (restored is not null) JobFold.Add(Id, log, restored);
        await _outbox.OpenAsync();
        log.Outbox = state.State.Outbox;
        state.State = log;
        var job = JobFold.Fold(Id, log)!;
        _outbox.Put(new()
        {
            Type = EventTypes.JobSubmitted,
            Subject = Id,
            Actor = actor,
            Reason = "restored",
            Tenant = job.Spec.Tenant,
            VersionAfter = job.Version,
            Data = new Dictionary<string, string> { ["name"] = job.Spec.Name, ["tenant"] = job.Spec.Tenant },
        });
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // Whether it is stored only the storage knows.
            _outbox.Failed();
            DeactivateOnIdle();
            throw;
        }
        _outbox.Stored();
        _job = job;
        Happened(Id, "restored", _job.State, _job.Reason);
        _changed.Pulse();
        await EnterAsync(_job);
        return new(RestoreStatus.Created, _job.Version);
    }

    /// <summary>Null when the log is none, or of another job.</summary>
    private MeshJob? Fold(JobLogState log) =>
        (log.Base is null ? log.Events is [{ Delta.Spec: not null }, ..] : log.Base.Id == Id) ? JobFold.Fold(Id, log) : null;

    private Task EnterAsync(MeshJob job) => GrainFactory.GetGrain<IJobIndexGrain>(IJobIndexGrain.Key).Changed(JobCatalog.Listed(job));
}
