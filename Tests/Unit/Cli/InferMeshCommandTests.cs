using InferMesh.Cli;

namespace InferMesh.Tests.Unit.Cli;

[TestClass]
public sealed class InferMeshCommandTests
{
    [TestMethod]
    [DataRow("bogus", "bogus")]
    [DataRow("fleet --nodes x", "--nodes")]
    [DataRow("fleet --nodes 0", "--nodes")]
    [DataRow("fleet --cells 9 --nodes 8", "--cells")]
    [DataRow("fleet --base-port 80", "--base-port")]
    [DataRow("fleet --base-port 17995", "--admin-port")]
    [DataRow("fleet --gpu-mix TPU:1", "--gpu-mix")]
    [DataRow("fleet --time-scale 0", "--time-scale")]
    [DataRow("fleet --report x", "--report")]
    [DataRow("replay", "--trace")]
    [DataRow("replay --trace x --format parquet --target http://127.0.0.1:1", "--format")]
    [DataRow("replay --trace x --format csv --target ftp://x", "--target")]
    [DataRow("replay --trace x --format csv --target http://127.0.0.1:1 --speed 0", "--speed")]
    [DataRow("replay --trace x --format csv --target http://127.0.0.1:1 --duration -1", "--duration")]
    [DataRow("replay --trace x --format csv --target http://127.0.0.1:1 --api grpc", "--api")]
    [DataRow("replay --trace x --format csv --target http://127.0.0.1:1 --header k", "--header")]
    [DataRow("replay --trace /nowhere/x.csv --format csv --target http://127.0.0.1:1", "--trace")]
    [DataRow("replay --trace x --format csv --target http://127.0.0.1:1 --output /nowhere/y.json", "--output")]
    public async Task Run_WrongCommandLine_IsOneLineThatNamesItAndExitsTwo(string commandLine, string named)
    {
        var (code, output, error) = await RunAsync(commandLine);

        Assert.AreEqual(2, code, error);
        Assert.AreEqual("", output);
        Assert.Contains(named, error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public async Task Run_Help_ListsTheCommandsAndExitsZero()
    {
        var (code, output, _) = await RunAsync("--help");

        Assert.AreEqual(0, code);
        Assert.Contains("fleet", output);
        Assert.Contains("replay", output);
    }

    [TestMethod]
    public async Task Run_Version_ExitsZero() => Assert.AreEqual(0, (await RunAsync("--version")).Code);

    [TestMethod]
    public async Task Replay_NobodyListens_ExitsOneAndSaysSo()
    {
        var trace = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv");
        await File.WriteAllTextAsync(trace, "time,prompt_tokens,output_tokens\n0,1,1\n");
        try
        {
            var (code, _, error) = await RunAsync($"replay --trace {trace} --format csv --target http://127.0.0.1:1 --duration 1");
            Assert.AreEqual(1, code);
            Assert.Contains("never reachable", error);
        }
        finally
        {
            File.Delete(trace);
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string commandLine)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await InferMeshCommand.RunAsync(commandLine.Split(' '), output, error).WaitAsync(TimeSpan.FromSeconds(30));
        return (code, output.ToString(), error.ToString());
    }
}
