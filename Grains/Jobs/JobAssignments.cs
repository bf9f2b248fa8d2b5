using System.IO.Hashing;
using System.Text;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Grains.Jobs;

/// <summary>What agents have to do for a job. Pure.</summary>
internal static class JobAssignments
{
    // Above what services use by habit and below what systems give out by themselves.
    private const int FirstPort = 20_000;
    private const int Ports = 12_000;

    /// <summary>What a node has to do; null when it has no part in the job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="node">The node.</param>
    /// <param name="now">Now.</param>
    public static JobAssignment? Of(MeshJob job, string node, DateTimeOffset now)
    {
        if (job.Placement is not { } placement || job.State is JobState.Admitted) return null;
        var peers = new List<JobPeer>();
        var first = 0;
        JobWorkers? here = null;
        var firstHere = 0;
        foreach (var group in placement.Groups)
        {
            if (group.Node == node) (here, firstHere) = (group, first);
            peers.Add(new(group.Node, group.Host.Length > 0 ? group.Host : group.Node, first, group.Gpus.Count));
            first += group.Gpus.Count;
        }
        if (here is null) return null;
        var left = (job.Stop?.By ?? now) - now;
        return new()
        {
            Job = job.Id,
            Fence = placement.Fence,
            Node = node,
            Order = job.Stop is null ? JobOrder.Run : JobOrder.Stop,
            CheckpointRequest = job.CheckpointRequests,
            CheckpointFirst = job.Stop?.Checkpoint ?? false,
            Grace = left > TimeSpan.Zero ? left : TimeSpan.Zero,
            Ranks = [.. here.Gpus.Select((gpu, i) => new JobRank(firstHere + i, i, gpu))],
            WorldSize = first,
            Peers = peers,
            MasterAddress = peers[0].Host,
            MasterPort = PortOf(job.Id, placement.Fence),
            Image = job.Spec.Image,
            Command = job.Spec.Command,
            Environment = Environment(job.Spec, placement),
            TopologyFile = placement.Hint?.TopologyFile ?? "",
            CheckpointTo = job.Spec.CheckpointTo,
            ResumeFrom = job.Progress.CheckpointRef,
            ResumeStep = job.Progress.CheckpointStep ?? 0,
            Dataset = job.Spec.Dataset,
            HintRevision = placement.Hint?.Revision ?? 0,
        };
    }

    /// <summary>Another one for each placement: ranks of the last one may still hold theirs.</summary>
    public static int PortOf(string job, long fence) => FirstPort + (int)((XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(job)) + (ulong)fence) % Ports);

    /// <summary>What its owner sets wins over what the mesh thinks is best.</summary>
    private static Dictionary<string, string> Environment(JobSpec spec, JobPlacement placement)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in placement.Hint?.Environment ?? new Dictionary<string, string>()) variables[name] = value;
        if (placement.Hint is { } hint)
        {
            if (hint.FusionBytes is { } fusion) variables["INFERMESH_FUSION_BYTES"] = fusion.ToString(System.Globalization.CultureInfo.InvariantCulture);
            variables["INFERMESH_COMPRESS"] = hint.Compress ? "1" : "0";
        }
        foreach (var (name, value) in spec.Environment) variables[name] = value;
        return variables;
    }
}
