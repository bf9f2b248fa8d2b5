using InferMesh.Cli.Agent;
using InferMesh.Cli.Agent.Config;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Cli.Agent;

/// <summary>What docs/agent.md shows is what the program does.</summary>
[TestClass]
public sealed class AgentPageTests
{
    [TestMethod]
    public void Page_Example_GivesTheAnswerThatThePageShows()
    {
        var page = Repository.Read("docs/agent.md");
        var config = AgentConfigReader.Read(Block(page, "yaml"), "agent.yaml", [], out var errors);
        Assert.IsEmpty(errors, string.Join('\n', errors));
        Assert.AreEqual(Block(page, "text").Trim(), string.Join('\n', AgentCheck.Describe(config!)));
    }

    private static string Block(string page, string language)
    {
        var start = page.IndexOf($"```{language}\n", StringComparison.Ordinal) + language.Length + 4;
        return page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
    }
}
