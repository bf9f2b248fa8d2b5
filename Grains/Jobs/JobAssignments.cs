using System.IO.Hashing;
using System.Text;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Grains.Jobs;

/// <summary>What agents have to do for a job, as it is at one moment. Pure.</summary>
internal sealed class JobAssignments
{
    // Above what services use by habit and below what systems give out by themselves.
    private const int FirstPort = 20_000;
    private const int Ports = 12_000;

    private readonly MeshJob _job;
    private readonly DateTimeOffset _now;
    private readonly List<JobPeer> _peers = [];
    private readonly Dictionary<string, JobWorkers> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _environment = [];
    private readonly int _ranks;

    public JobAssignments(MeshJob job, DateTimeOffset now)
    {
        (_job, _now) = (job, now);
        if (job.Placement is not { } placement || job.State is JobState.Admitted) return;
        foreach (var group in placement.Groups)
        {
            _groups[group.Node] = group;
            _peers.Add(new(group.Node, group.Host.Length > 0 ? group.Host : group.Node, _ranks, group.Gpus.Count));
            _ranks += group.Gpus.Count;
        }
        _environment = Environment(job.Spec, placement);
    }

    /// <summary>What a node has to do; null when it has no part in the job.</summary>
    public JobAssignment? Of(string node)
    {
        if (!_groups.TryGetValue(node, out var here)) return null;
        var (job, placement) = (_job, _job.Placement!);
        var firstHere = _peers.Find(p => p.Node == node)!.FirstRank;
        var left = (job.Stop?.By ?? _now) - _now;
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
            WorldSize = _ranks,
            Peers = _peers,
            MasterAddress = _peers[0].Host,
            MasterPort = PortOf(job.Id, placement.Fence),
            Image = job.Spec.Image,
            Command = job.Spec.Command,
            Environment = _environment,
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
