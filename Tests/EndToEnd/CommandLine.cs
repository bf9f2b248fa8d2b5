using System.Diagnostics;

namespace InferMesh.Tests.EndToEnd;

/// <summary>What <c>infermesh</c> printed, and how it ended.</summary>
internal sealed record CommandLine(int Code, string Output, string Error)
{
    /// <summary>Runs it as a user does, with a configuration of its own.</summary>
    /// <param name="config">Path of its file of contexts.</param>
    /// <param name="args">Arguments.</param>
    public static async Task<CommandLine> RunAsync(string config, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Assembly("Cli", "InferMesh.Cli"), .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["INFERMESH_CONFIG"] = config;
        using var process = Process.Start(start)!;
        var text = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new(process.ExitCode, text[0], text[1]);
    }

    public CommandLine Expect(int code)
    {
        Assert.AreEqual(code, Code, Output + Error);
        return this;
    }
}
