using System.CommandLine;
using InferMesh.Cli;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Cli;

[TestClass]
public sealed class CliReferenceTests
{
    [TestMethod]
    public void Page_IsWhatTheGrammarSays()
    {
        var path = Path.Combine(Repository.Root, "docs/cli-reference.md");
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1") File.WriteAllText(path, CliReference.Page());
        Assert.AreEqual(File.ReadAllText(path), CliReference.Page(), "Run this test with INFERMESH_UPDATE_GOLDEN=1 to write the page anew, and review it.");
    }

    [TestMethod]
    public void Commands_AllOfThem_SayWhatTheyDo()
    {
        var silent = Below(InferMeshCommand.Create()).SelectMany(static command => command.Options.Cast<Symbol>().Concat(command.Arguments).Append(command))
            .Where(static symbol => string.IsNullOrWhiteSpace(symbol.Description) && symbol.Name != "--help").Select(static symbol => symbol.Name).ToArray();
        Assert.IsEmpty(silent, string.Join(", ", silent));
    }

    private static IEnumerable<Command> Below(Command command) => command.Subcommands.SelectMany(static below => Below(below).Prepend(below));
}
