using InferMesh.Cli.Replay;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class ReplayArgumentsTests
{
    [TestMethod]
    [DataRow("--header x-tenant=acme", "--header x-tenant=***")]
    [DataRow("--api-key im_a_secret", "--api-key ***")]
    [DataRow("--token a.b.c", "--token ***")]
    [DataRow("--key-file /secure/key", "--key-file /secure/key")]
    public void CommandLine_WithSecrets_HasStarsForThem(string given, string shown) =>
        Assert.AreEqual($"infermesh replay {shown} --speed 2", ReplayArguments.CommandLine(["replay", .. given.Split(' '), "--speed", "2"]));
}
