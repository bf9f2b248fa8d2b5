using System.CommandLine;

namespace InferMesh.Cli.Operator.Completion;

/// <summary><c>infermesh completion</c>: scripts that let a shell complete words. The shell asks the command itself, so that a script is right for each version.</summary>
internal static class CompletionCommand
{
    /// <summary>Name of the hidden command that a shell asks.</summary>
    public const string Ask = "__complete";

    private static readonly (string Shell, string How)[] Shells =
    [
        ("bash", "source <(infermesh completion bash)"), ("zsh", "source <(infermesh completion zsh)"), ("fish", "infermesh completion fish | source"), ("pwsh", "infermesh completion pwsh | Out-String | Invoke-Expression"),
    ];

    public static Command Create()
    {
        var command = new Command("completion", "Print a script that completes words of this command in a shell.");
        foreach (var (shell, how) in Shells)
        {
            var one = new Command(shell, $"For {shell}: {how}");
            one.SetAction(async (parsed, _) =>
            {
                await Shell.Of(parsed).Output.WriteAsync(Script(shell));
                return 0;
            });
            command.Subcommands.Add(one);
        }

        return command;
    }

    /// <summary>The command that a shell asks: <c>infermesh __complete POSITION LINE</c> prints a word a line that may stand there.</summary>
    public static Command Asked(Func<Command> root)
    {
        var (position, line) = (new Argument<int>("position") { Description = "Characters before the cursor." }, new Argument<string>("line") { Description = "The command line." });
        var command = new Command(Ask, "Print what may stand at a place of a command line.") { position, line };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            var output = Shell.Of(parsed).Output;
            foreach (var word in Words(root(), parsed.GetRequiredValue(line), parsed.GetValue(position)))
                await output.WriteLineAsync(Terminal.Clean(word));
            return 0;
        });
        return command;
    }

    /// <summary>What may stand at a place of a command line.</summary>
    /// <param name="root">Grammar.</param>
    /// <param name="line">Line, the name of the command first.</param>
    /// <param name="position">Characters before the place.</param>
    public static IEnumerable<string> Words(Command root, string line, int position)
    {
        // PowerShell leaves out the blanks at the end of a line: a cursor behind it stands after one, at a new word.
        if (position > line.Length) line += ' ';
        // What is behind the cursor says nothing of what may stand there.
        var before = line[..Math.Clamp(position, 0, line.Length)];
        var word = before[(before.LastIndexOf(' ') + 1)..];
        // The name may be a path, or that of a link.
        var rest = before.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var at ? before[(at + 1)..] : "";
        return root.Parse(rest).GetCompletions(rest.Length).Select(static item => item.InsertText ?? item.Label)
            .Where(text => text.StartsWith(word, StringComparison.Ordinal) && text is not ("/?" or "/h" or "-?")).Distinct().Order(StringComparer.Ordinal);
    }

    private static string Script(string shell)
    {
        using var stream = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion.{shell}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
