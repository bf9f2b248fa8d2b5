using InferMesh.Cli;

namespace InferMesh.Tests.Unit.Cli.Operator;

/// <summary>A command line, run to its end.</summary>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    public static async Task<CommandRun> Of(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await InferMeshCommand.RunAsync(args, output, error);
        return new(code, output.ToString(), error.ToString());
    }

    public CommandRun Expect(int code)
    {
        Assert.AreEqual(code, Code, Output + Error);
        return this;
    }

    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
