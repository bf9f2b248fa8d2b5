using InferMesh.Cli;

namespace InferMesh.Tests.Unit.Cli.Sim;

[TestClass]
public sealed class SimCommandTests
{
    [TestMethod]
    [DataRow("sim --nodes 0", "--nodes")]
    [DataRow("sim --nodes 2000", "--nodes")]
    [DataRow("sim --gpu-mix TPU:1", "--gpu-mix")]
    [DataRow("sim --rho 0", "--rho")]
    [DataRow("sim --rho NaN", "--rho")]
    [DataRow("sim --duration 0", "--duration")]
    [DataRow("sim --signal-period 1h", "--signal-period")]
    [DataRow("sim --signal-delay -1s", "--signal-delay")]
    [DataRow("sim --strategies mesh,nope", "--strategies")]
    [DataRow("sim --strategies ,", "--strategies")]
    [DataRow("sim --seed x", "--seed")]
    [DataRow("sim --output /nowhere/x.json", "--output")]
    public async Task Run_BadOption_IsOneLineThatNamesItAndExitsTwo(string commandLine, string named)
    {
        var (code, output, error) = await RunAsync(commandLine.Split(' '));
        Assert.AreEqual(2, code);
        Assert.AreEqual("", output);
        StringAssert.Contains(error, named);
        Assert.AreEqual(1, error.TrimEnd().Split('\n').Length);
    }

    [TestMethod]
    public async Task Run_SmallFleet_PrintsTheTableAndWritesTheSameBytesTwice()
    {
        var files = new[] { Path.GetTempFileName(), Path.GetTempFileName() };
        try
        {
            foreach (var file in files)
            {
                var (code, output, error) = await RunAsync(["sim", "--nodes", "3", "--duration", "2s", "--strategies", "baseline_rr,mesh", "--signal-period", "250ms", "--output", file]);
                Assert.AreEqual((0, ""), (code, error));
                StringAssert.Contains(output, "synthetic=true");
                StringAssert.Contains(output, "| baseline_rr |");
                StringAssert.Contains(output, "| mesh ");
            }
            CollectionAssert.AreEqual(await File.ReadAllBytesAsync(files[0]), await File.ReadAllBytesAsync(files[1]));
            StringAssert.Contains(await File.ReadAllTextAsync(files[0]), "\"synthetic\": true");
        }
        finally
        {
            foreach (var file in files) File.Delete(file);
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] args)
    {
        using StringWriter output = new(), error = new();
        var code = await InferMeshCommand.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }
}
