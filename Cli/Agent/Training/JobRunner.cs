using InferMesh.Cli.Agent.Config;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>All jobs of a node: does with their ranks what the mesh wants. Thread safe.</summary>
internal sealed class JobRunner(string node, TrainingConfig config, JobReports reports, JobLog log, TimeProvider time)
{
    private const int MaxRunning = 1024;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LocalJob> _jobs = new(StringComparer.Ordinal);

    public string Node => node;

    public TrainingConfig Config => config;

    public JobReports Reports => reports;

    public JobLog Log => log;

    public TimeProvider Time => time;

    /// <summary>Jobs whose ranks are here, or whose end the mesh does not know yet.</summary>
    public IReadOnlyList<RunningJob> Running
    {
        get
        {
            var running = new List<RunningJob>();
            foreach (var (id, job) in All())
            {
                if (job.RunningFence is { } fence) running.Add(new() { JobId = id, Fence = fence });
            }

            return running.Count <= MaxRunning ? running : running[..MaxRunning];
        }
    }

    /// <summary>Takes all that the mesh wants.</summary>
    public void Take(IEnumerable<JobAssignment> assignments)
    {
        var wanted = new Dictionary<string, JobAssignment>(StringComparer.Ordinal);
        foreach (var assignment in assignments)
        {
            if (!wanted.TryGetValue(assignment.JobId, out var other) || other.Fence <= assignment.Fence) wanted[assignment.JobId] = assignment;
        }

        lock (_gate)
        {
            foreach (var (id, job) in _jobs)
            {
                if (!wanted.ContainsKey(id)) job.Want(null);
            }

            foreach (var (id, assignment) in wanted)
            {
                if (_jobs.TryGetValue(id, out var job)) job.Want(assignment);
                else _jobs[id] = new(assignment, this);
            }
        }
    }

    /// <summary>The mesh has answered, and what it wants is taken.</summary>
    public void Contact()
    {
        foreach (var (_, job) in All()) job.Contact();
    }

    /// <summary>The mesh has not answered for too long.</summary>
    /// <returns>Ends when no rank runs any more.</returns>
    public Task LeaseRanOutAsync() => Task.WhenAll(All().Select(static job => job.Value.LeaseRanOut()));

    /// <summary>Ends all ranks, which get a short grace; nothing is told.</summary>
    public Task StopAsync()
    {
        var jobs = All();
        foreach (var (_, job) in jobs) job.AgentStops();
        return Task.WhenAll(jobs.Select(static job => job.Value.Loop));
    }

    /// <summary>The ranks of a job; null when there are none.</summary>
    public JobRun? RunOf(string job)
    {
        lock (_gate) return _jobs.GetValueOrDefault(job)?.Run;
    }

    /// <summary>Forgets a job that nothing is wanted of any more.</summary>
    /// <returns>False when something is wanted again.</returns>
    internal bool Release(string id, LocalJob job)
    {
        lock (_gate) return job.IsUnwanted && _jobs.Remove(id);
    }

    private KeyValuePair<string, LocalJob>[] All()
    {
        lock (_gate) return [.. _jobs];
    }
}
