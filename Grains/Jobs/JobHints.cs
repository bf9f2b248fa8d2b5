using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Strategies.Training;

namespace InferMesh.Grains.Jobs;

/// <summary>Hints that have changed with the links of a place. Pure.</summary>
internal static class JobHints
{
    // A step that is so much slower or faster is worth to be told of.
    private const double Notable = 0.1;

    /// <summary>The new hint; null when the old one is still good.</summary>
    public static JobHint? Changed(MeshJob job, TrainingFleet fleet)
    {
        if (job.Placement is not { Hint: { } old } placement) return null;
        var nodes = fleet.For(job.Spec.MigProfile, out _);
        var workers = placement.Groups.ToDictionary(static g => g.Node, static g => g.Workers, StringComparer.Ordinal);
        // A node that is not known now says nothing about links.
        if (nodes.Count(n => workers.ContainsKey(n.Id)) != workers.Count) return null;
        WorkerGroup[] groups = [.. placement.Groups.Select(static g => new WorkerGroup(g.Node, g.Workers))];
        var gang = GangRepair.Replace(JobMapping.ToTraining(job, DateTimeOffset.MaxValue).Gang, groups, new HashSet<string>(), nodes);
        var now = JobMapping.ToWire(JobMapping.ToHint(job.Spec, gang, fleet.Fabric(workers.Keys, job.Id)), old.Revision + 1);
        return Differs(old, now) ? now : null;
    }

    private static bool Differs(JobHint old, JobHint now) =>
        old.Compress != now.Compress || old.FusionBytes != now.FusionBytes || Math.Abs(now.ExchangeSeconds - old.ExchangeSeconds) > Notable * (old.ComputeSeconds + old.ExchangeSeconds)
        || !old.Environment.OrderBy(static e => e.Key, StringComparer.Ordinal).SequenceEqual(now.Environment.OrderBy(static e => e.Key, StringComparer.Ordinal));
}
