using InferMesh.AppHost.Local.Health;
using InferMesh.AppHost.Topology;

namespace InferMesh.AppHost.Local;

/// <summary>The processes of InferMesh itself.</summary>
internal sealed class MeshProcesses(MeshTopology mesh, IBuiltProcesses built, IReadOnlyCollection<string> inherited, int parentPid)
{
    public static string SiloName(int index) => $"{MeshTopology.Silo}-{index}";

    /// <summary>For a process that only has to know its parent.</summary>
    public IReadOnlyDictionary<string, string?> PlainEnvironment => Replace(MeshEnvironment.Plain(parentPid));

    public ProcessSpec Silo(int index, SiloPorts ports, string redis, GrainStorage storage) =>
        Spec(SiloName(index), "InferMesh.Silo", []) with
        {
            Environment = Replace(MeshEnvironment.Silo(mesh, ports, redis, storage, parentPid)),
            Health = new HttpHealth($"http://127.0.0.1:{ports.Http}{MeshTopology.ReadyPath}"),
        };

    public ProcessSpec Api(string redis) =>
        Spec(MeshTopology.Api, "InferMesh.Api", []) with
        {
            Environment = Replace(MeshEnvironment.Api(mesh, redis, parentPid)),
            Health = new HttpHealth($"http://127.0.0.1:{mesh.ApiPort}{MeshTopology.ReadyPath}"),
        };

    public ProcessSpec Fleet(FleetPlan plan) =>
        Spec(MeshTopology.Fleet, "InferMesh.Cli", FleetArguments.Of(plan, mesh.GrpcAddress)) with
        {
            Environment = PlainEnvironment,
            Health = ReadyLineHealth.Instance,
            ReadyLine = FleetArguments.ReadyLine,
        };

    public ProcessSpec Trainer(int index, string config) =>
        Spec(TrainerPlan.Name(index), "InferMesh.Cli", ["agent", "--config", config]) with
        {
            Environment = PlainEnvironment,
            Health = ReadyLineHealth.Instance,
            ReadyLine = TrainerPlan.ReadyLine(index),
        };

    private ProcessSpec Spec(string name, string assembly, IReadOnlyList<string> arguments)
    {
        var (file, first) = built.Command(assembly);
        // Beside the assembly, so that each process reads its own appsettings.json and not one of the current directory.
        return new(name, file, [.. first, .. arguments]) { WorkingDirectory = first.Count > 0 ? Path.GetDirectoryName(first[0]) : null };
    }

    private IReadOnlyDictionary<string, string?> Replace(Dictionary<string, string> own) => InheritedEnvironment.Replace(inherited, own);
}
