using System.Diagnostics;
using InferMesh.Cli;
using InferMesh.Cli.Operator.Completion;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.Unit.Cli.Operator;

[TestClass]
public sealed class CompletionTests
{
    [TestMethod]
    [DataRow("infermesh li", "list-cells,list-models,list-nodes,list-pins")]
    [DataRow("infermesh policy ro", "rollback")]
    [DataRow("infermesh list-nodes --hea", "--health")]
    [DataRow("infermesh list-nodes --health dr", "draining")]
    [DataRow("infermesh list-nodes -o j", "json")]
    [DataRow("infermesh top --of c", "cells")]
    [DataRow("infermesh job list --state pa", "paused")]
    [DataRow("/usr/local/bin/infermesh completion z", "zsh")]
    [DataRow("infermesh __comp", "")]
    public void Words_OfALine_AreWhatTheGrammarKnows(string line, string words) => Assert.AreEqual(words, string.Join(',', CompletionCommand.Words(InferMeshCommand.Create(), line, line.Length)));

    [TestMethod]
    public void Words_BehindTheCursor_DoNotCount() => Assert.AreEqual("list-nodes", CompletionCommand.Words(InferMeshCommand.Create(), "infermesh list-no --all", "infermesh list-no".Length).Single());

    [TestMethod]
    public void Words_CursorBehindABlankThatPowerShellLeavesOut_BeginANewWord()
    {
        CollectionAssert.Contains(CompletionCommand.Words(InferMeshCommand.Create(), "infermesh policy", "infermesh policy ".Length).ToArray(), "rollback");
        Assert.DoesNotContain("rollback", CompletionCommand.Words(InferMeshCommand.Create(), "infermesh policy", "infermesh policy".Length));
    }

    [TestMethod]
    public async Task PowerShell_Script_CountsTheCursorFromTheCommand() => StringAssert.Contains(await ScriptAsync("pwsh"), "__complete ($position - $ast.Extent.StartOffset) $ast.ToString()");

    [TestMethod]
    [DataRow("infermesh li", "list-cells list-models list-nodes list-pins")]
    [DataRow("infermesh list-nodes --health re", "ready")]
    [DataRow("infermesh config us", "use-context")]
    public async Task Bash_ScriptSourced_CompletesWords(string line, string words)
    {
        var script = await ScriptAsync("bash");
        // What bash does when somebody presses the tabulator.
        var run = script + $$"""

            COMP_LINE='{{line}}'; COMP_POINT=${#COMP_LINE}; read -ra COMP_WORDS <<<"$COMP_LINE"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _infermesh
            echo "${COMPREPLY[*]}"
            complete -p infermesh
            """;
        var output = await RunAsync("bash", "--norc", "-c", Prelude("bash") + run);
        Assert.AreEqual($"{words}\ncomplete -F _infermesh infermesh", output.Trim());
    }

    [TestMethod]
    public async Task Zsh_ScriptSourced_CompletesWords()
    {
        if (ExternalProcess.Find("zsh") is null) Assert.Inconclusive("there is no zsh here");
        var run = Prelude("zsh") + "autoload -Uz compinit && compinit -u -D\n" + await ScriptAsync("zsh") + """

            words=(infermesh list-nodes --health ready --all) CURRENT=4 PREFIX=re BUFFER='echo before; infermesh list-nodes --health ready --all | cat'
            compadd() { print -r -- "${candidates[*]}"; }
            _infermesh
            """;
        Assert.AreEqual("ready", (await RunAsync("zsh", "-f", "-c", run)).Trim());
    }

    [TestMethod]
    public async Task Fish_ScriptSourced_CompletesWords()
    {
        if (ExternalProcess.Find("fish") is null) Assert.Inconclusive("there is no fish here");
        var run = Prelude("fish") + await ScriptAsync("fish") + "\ncomplete -C 'infermesh list-nodes --health re'\n";
        Assert.AreEqual("ready", (await RunAsync("fish", "--no-config", "-c", run)).Trim());
    }

    private static async Task<string> ScriptAsync(string shell)
    {
        using var session = new Session();
        return (await session.RunAsync("completion", shell)).Expect(0).Output;
    }

    /// <summary>The command as the shell finds it: that of this build.</summary>
    private static string Prelude(string shell)
    {
        var assembly = typeof(InferMeshCommand).Assembly.Location;
        return shell == "fish" ? $"function infermesh; dotnet {assembly} $argv; end\n" : $"infermesh() {{ dotnet {assembly} \"$@\"; }}\n";
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.AreEqual("", output[1]);
        return output[0];
    }
}
