using InferMesh.Cli.Sim.Commands;
using InferMesh.Simulator.Configuration;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class ExampleTests
{
    [TestMethod]
    [DataRow("mixed", 4, 4, 60.0)]
    [DataRow("small", 4, 128, 300.0)]
    [DataRow("medium", 16, 256, 600.0)]
    [DataRow("large", 128, 1024, 1800.0)]
    public async Task Generate_Example_IsValidAndOfTheSizeItSays(string name, int cells, int nodesPerCell, double seconds)
    {
        CollectionAssert.Contains(GenerateCommand.Examples, name);
        using var shell = new SimShell();
        var path = shell.At($"new/{name}.yaml");
        var (code, output, error) = await shell.RunAsync(["generate", "--example-type", name, "--output", path]);
        Assert.AreEqual((0, ""), (code, error));
        Assert.Contains(path, output);
        var read = SimConfigYaml.Read(await File.ReadAllTextAsync(path));
        Assert.IsEmpty(read.Errors, string.Join("; ", read.Errors));
        Assert.AreEqual((cells, nodesPerCell, seconds), (read.Config!.Topology.Cells, read.Config.Topology.NodesPerCell, read.Config.DurationS));
        (code, output, _) = await shell.RunAsync(["validate", "--config", path]);
        Assert.AreEqual(0, code);
        Assert.Contains("is valid", output);
    }

    [TestMethod]
    public async Task Validate_SeveralErrors_SaysAllWithFileLineAndColumn()
    {
        using var shell = new SimShell();
        var path = shell.Config("seed: 42\nduration_s: -1\nworkload:\n  arrival: { type: poisson, rps: lots }\ntopology:\n  cels: 4\n");
        var (code, output, error) = await shell.RunAsync(["validate", "--config", path]);
        Assert.AreEqual((2, ""), (code, output));
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(3, lines, error);
        Assert.StartsWith($"{path}:2:", lines[0]);
        Assert.StartsWith($"{path}:4:", lines[1]);
        Assert.StartsWith($"{path}:6:", lines[2]);
        Assert.Contains("cels", lines[2]);
    }
}
