using InferMesh.AppHost.Topology;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Tests.Unit.AppHost.Topology;

[TestClass]
public sealed class TrainerPlanTests
{
    [TestMethod]
    public void Write_Files_AreWhatAgentsRead()
    {
        var folder = Directory.CreateTempSubdirectory("infermesh-trainers-").FullName;
        var files = new TrainerPlan(2, 4).Write(folder, "http://127.0.0.1:50051");

        Assert.HasCount(2, files);
        var config = AgentConfigReader.ReadFile(files[1], [], out var errors);
        Assert.IsEmpty(errors, string.Join("\n", errors));
        Assert.AreEqual(("trainer-1", GpuSourceKind.Synthetic, 4, true), (config!.Node.Id, config.Gpu.Source, config.Gpu.SyntheticCount, config.Training.Enabled));
        Directory.Delete(folder, recursive: true);
    }
}
