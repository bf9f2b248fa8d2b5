using System.Collections;
using System.Globalization;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>Variables of ranks. Of the agent's own only those that programs need to run at all: the others may hold its secrets.</summary>
internal static class RankEnvironment
{
    public const string Node = "INFERMESH_NODE_ID", Job = "INFERMESH_JOB_ID", Fence = "INFERMESH_FENCE", RankTable = "INFERMESH_RANK_TABLE";
    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH"];
    private static readonly string[] InheritedPrefixes = ["DOTNET_", "CUDA_"];

    /// <param name="assignment">Job.</param>
    /// <param name="rank">One of its ranks.</param>
    /// <param name="node">This node.</param>
    /// <param name="folder">The job's folder here.</param>
    /// <param name="own">Variables of the agent.</param>
    public static Dictionary<string, string> Of(JobAssignment assignment, JobRank rank, string node, JobFolder folder, IDictionary own)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in own)
        {
            if (entry is { Key: string name, Value: string value } && IsInherited(name)) variables[name] = value;
        }

        foreach (var (name, value) in assignment.Environment) variables[name] = value;
        foreach (var (name, value) in Ours(assignment, rank, node, folder)) variables[name] = value;
        if (rank.Gpu.Length > 0) variables["CUDA_VISIBLE_DEVICES"] = rank.Gpu;
        // A job that brings a file of its own knows better.
        if (folder.Topology is { } topology) variables.TryAdd("NCCL_TOPO_FILE", topology);
        return variables;
    }

    private static bool IsInherited(string name) => Inherited.Contains(name, StringComparer.Ordinal) || InheritedPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    private static (string Name, string Value)[] Ours(JobAssignment assignment, JobRank rank, string node, JobFolder folder) =>
    [
        ("RANK", Text(rank.Rank)),
        ("WORLD_SIZE", Text(assignment.WorldSize)),
        ("LOCAL_RANK", Text(rank.LocalRank)),
        ("LOCAL_WORLD_SIZE", Text(assignment.Ranks.Count)),
        ("GROUP_RANK", Text(Math.Max(assignment.Peers.Select(static peer => peer.NodeId).ToList().IndexOf(node), 0))),
        ("MASTER_ADDR", assignment.MasterAddress),
        ("MASTER_PORT", Text(assignment.MasterPort)),
        (Node, node),
        (Job, assignment.JobId),
        (Fence, Text(assignment.Fence)),
        ("INFERMESH_RESUME_FROM", assignment.ResumeFrom),
        ("INFERMESH_RESUME_STEP", Text(assignment.ResumeStep)),
        ("INFERMESH_CHECKPOINT_TO", assignment.CheckpointTo),
        ("INFERMESH_DATASET", assignment.Dataset),
        ("INFERMESH_IMAGE", assignment.Image),
        (RankTable, folder.RankTable),
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
