using System.Globalization;

namespace InferMesh.AppHost.Topology;

/// <summary>Agents that start real processes for training jobs, on synthetic GPUs labelled synthetic=true.</summary>
internal sealed record TrainerPlan(int Nodes, int GpusPerNode)
{
    public override string ToString() => $"{Nodes} agents that start training jobs, {GpusPerNode} synthetic GPUs each (synthetic=true)";

    /// <summary>What the line says that an agent writes once it reports.</summary>
    public static string ReadyLine(int index) => $"{Name(index)} reports to";

    public static string Name(int index) => $"trainer-{index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Writes the agents' files.</summary>
    /// <param name="directory">Where to.</param>
    /// <param name="api">Address of the API's gRPC port.</param>
    /// <returns>One path per agent.</returns>
    public IReadOnlyList<string> Write(string directory, string api)
    {
        Directory.CreateDirectory(directory);
        var files = new List<string>();
        for (var i = 0; i < Nodes; i++)
        {
            var file = Path.Combine(directory, $"{Name(i)}.yaml");
            File.WriteAllText(file, $"""
                # Written by the AppHost at each start.
                node:
                  id: {Name(i)}
                  cell: training
                  zone: local
                  region: local
                  labels:
                    gpu: H100-80G
                    rack: trainers
                target: {api}
                gpu:
                  source: synthetic
                  synthetic:
                    type: H100-80G
                    count: {GpusPerNode.ToString(CultureInfo.InvariantCulture)}
                    seed: {(i + 1).ToString(CultureInfo.InvariantCulture)}
                training:
                  enabled: true
                  host: 127.0.0.1
                  workDir: jobs-{i.ToString(CultureInfo.InvariantCulture)}

                """);
            files.Add(file);
        }

        return files;
    }
}
