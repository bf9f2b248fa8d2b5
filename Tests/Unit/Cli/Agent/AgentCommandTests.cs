using InferMesh.Cli;

namespace InferMesh.Tests.Unit.Cli.Agent;

[TestClass]
public sealed class AgentCommandTests
{
    [TestMethod]
    public async Task Example_Checked_IsValidAndDescribed()
    {
        var (code, example, _) = await RunAsync("agent", "--example");
        Assert.AreEqual(0, code);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, example);

        (code, var said, var error) = await RunAsync("agent", "--config", file, "--check");
        Assert.AreEqual(0, code, error);
        Assert.Contains("vllm     http://127.0.0.1:8000 every 1s, limit 2s, on H100-80G, 4.00 USD per hour", said);
        File.Delete(file);
    }

    [TestMethod]
    public async Task Check_BadFile_PrintsEveryErrorAndExits2()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "node: {cell: a, colour: b}\ninterval: 0s\n");
        var (code, said, error) = await RunAsync("agent", "--config", file, "--check");
        Assert.AreEqual(2, code);
        Assert.AreEqual("", said);
        Assert.HasCount(2, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        File.Delete(file);
    }

    [TestMethod]
    [DataRow("--config must name a file", "agent")]
    [DataRow("cannot be read", "agent", "--config", "/no/such/file")]
    [DataRow("--interval must be a duration", "fleet", "--report", "http://127.0.0.1:1", "--interval", "1")]
    public async Task Usage_Wrong_IsOneLineAndExits2(string expected, params string[] args)
    {
        var (code, _, error) = await RunAsync(args);
        Assert.AreEqual(2, code);
        Assert.Contains(expected, error);
        Assert.HasCount(1, error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [TestMethod]
    public async Task Run_RegistrationRefused_PrintsTheFieldsAndExits2()
    {
        await using var server = await StatePlaneServer.StartAsync();
        server.Refusal = () => StatePlaneServer.BadFields(("cell", "is full"), ("zone", "is unknown"));
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "node: {id: n, cell: a}\ngpu: {source: synthetic}\n");
        var (code, _, error) = await RunAsync("agent", "--config", file, "--target", server.Address.ToString());
        Assert.AreEqual(2, code);
        Assert.Contains("cell: is full", error);
        Assert.Contains("zone: is unknown", error);
        Assert.IsTrue(server.Registrations.First().Synthetic);
        File.Delete(file);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await InferMeshCommand.RunAsync(args, output, error).WaitAsync(TimeSpan.FromSeconds(60));
        return (code, output.ToString(), error.ToString());
    }
}
