using System.Globalization;
using System.Text.Json;
using InferMesh.Adapters.Comm.Nccl;
using InferMesh.Cli.Agent.Config;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>A job's folder on this node. Names of files carry the node's, as agents of several nodes may share a folder.</summary>
/// <param name="workDir">Folder of all jobs.</param>
/// <param name="job">Job, an id that <see cref="JobRules.IsId"/> takes.</param>
/// <param name="node">Node.</param>
internal sealed class JobFolder(string workDir, string job, string node)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    public string Path { get; } = System.IO.Path.Combine(workDir, job);

    public string RankTable => File($"ranks-{node}.json");

    /// <summary>Topology file for NCCL; null when ranks get none.</summary>
    public string? Topology { get; private set; }

    private string Fence => File($"fence-{node}");

    /// <exception cref="IOException">It cannot be made.</exception>
    public void Create()
    {
        // What ranks write is for the agent's user alone.
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Path);
        else Directory.CreateDirectory(Path, OwnerOnly);
    }

    /// <summary>The last fence that was begun here, over the agent's lives; 0 for none.</summary>
    public long BegunFence()
    {
        try
        {
            return long.TryParse(System.IO.File.ReadAllText(Fence), NumberStyles.None, CultureInfo.InvariantCulture, out var fence) ? fence : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Notes that a fence is begun.</summary>
    public void Begin(long fence) => Write(Fence, System.Text.Encoding.UTF8.GetBytes(fence.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Writes what ranks may read: who is where, and the hint. Again when the hint has changed.</summary>
    public void Describe(JobAssignment assignment) => Write(RankTable, Table(assignment));

    /// <summary>Sees to the topology file that ranks get, <see cref="Topology"/>.</summary>
    /// <param name="topology">As <see cref="Config.TrainingConfig.Topology"/>.</param>
    /// <param name="sysfs">Where sysfs is mounted.</param>
    public void DescribeTopology(string topology, string sysfs = "/sys")
    {
        Topology = topology is TrainingConfig.TopologyAuto or TrainingConfig.TopologyNone ? null : topology;
        if (topology != TrainingConfig.TopologyAuto || NcclTopology.Read(sysfs) is not { } found) return;
        var file = File($"topology-{node}.xml");
        Write(file, System.Text.Encoding.UTF8.GetBytes(found.Xml));
        Topology = file;
    }

    private static byte[] Table(JobAssignment assignment)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteString("job", assignment.JobId);
            json.WriteNumber("fence", assignment.Fence);
            json.WriteNumber("worldSize", assignment.WorldSize);
            json.WriteStartObject("master");
            json.WriteString("address", assignment.MasterAddress);
            json.WriteNumber("port", assignment.MasterPort);
            json.WriteEndObject();
            json.WriteNumber("hintRevision", assignment.HintRevision);
            json.WriteStartObject("environment");
            foreach (var (name, value) in assignment.Environment.OrderBy(static pair => pair.Key, StringComparer.Ordinal)) json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteStartArray("ranks");
            var gpus = assignment.Ranks.ToDictionary(static rank => rank.Rank, static rank => rank.Gpu);
            foreach (var peer in assignment.Peers)
            {
                for (var local = 0; local < peer.Ranks; local++)
                {
                    json.WriteStartObject();
                    json.WriteNumber("rank", peer.FirstRank + local);
                    json.WriteNumber("localRank", local);
                    json.WriteString("node", peer.NodeId);
                    json.WriteString("host", peer.Host);
                    if (gpus.TryGetValue(peer.FirstRank + local, out var gpu) && gpu.Length > 0) json.WriteString("gpu", gpu);
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    // Whole or not at all: a rank may read it at any time.
    private static void Write(string file, byte[] content)
    {
        var part = file + ".part";
        System.IO.File.WriteAllBytes(part, content);
        System.IO.File.Move(part, file, overwrite: true);
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
