using System.CommandLine;
using System.CommandLine.Help;
using System.Text;
using InferMesh.Cli;
using InferMesh.Cli.Operator;

namespace InferMesh.Tests.Unit.Cli;

/// <summary>The page that lists every command with its arguments and options, from the grammar.</summary>
internal static class CliReference
{
    private const string Head = """
        # Commands of infermesh

        Every command with its arguments and options, made from the grammar itself. How to use them, contexts, forms of output and exit codes are in [the guide](cli.md).

        """;

    private static readonly HashSet<string> Common = [.. new ApiOptions().All.Select(static option => option.Name)];

    public static string Page()
    {
        var page = new StringBuilder(Head).Append('\n');
        page.Append("## Options of all commands that call the API\n\n");
        Options(page, new ApiOptions().All);
        foreach (var command in Visible(InferMeshCommand.Create()))
            Add(page, command, "infermesh", 2);
        return page.ToString().TrimEnd() + "\n";
    }

    private static void Add(StringBuilder page, Command command, string path, int level)
    {
        path = $"{path} {command.Name}";
        page.Append('#', level).Append(' ').Append(path).Append("\n\n").Append(Text(command.Description)).Append("\n\n");
        if (command.Subcommands.Count == 0)
        {
            var callsApi = Common.All(name => command.Options.Any(option => option.Name == name) || name == "--token");
            var own = command.Options.Where(option => !option.Hidden && option is not HelpOption && !(callsApi && Common.Contains(option.Name) && !(command.Name == "submit" && option.Name == "--token"))).ToArray();
            page.Append("```text\n").Append(path).AppendJoin("", command.Arguments.Select(static a => " " + Usage(a))).Append(own.Length > 0 || callsApi ? " [options]" : "").Append("\n```\n\n");
            if (command.Arguments.Count > 0)
            {
                page.Append("| argument | what |\n|---|---|\n");
                foreach (var argument in command.Arguments)
                    page.Append("| `").Append(argument.Name).Append("` | ").Append(Text(argument.Description)).Append(" |\n");
                page.Append('\n');
            }

            Options(page, own);
            if (callsApi) page.Append("And the [options of all commands that call the API](#options-of-all-commands-that-call-the-api).\n\n");
        }

        foreach (var below in Visible(command))
            Add(page, below, path, Math.Min(level + 1, 4));
    }

    private static void Options(StringBuilder page, IEnumerable<Option> options)
    {
        Option[] all = [.. options];
        if (all.Length == 0) return;
        page.Append("| option | what | default |\n|---|---|---|\n");
        foreach (var option in all)
        {
            page.Append("| ").AppendJoin(", ", new[] { option.Name }.Concat(option.Aliases).Select(static name => $"`{name}`"))
                .Append(option.HelpName is { } word ? $" `{word}`" : "").Append(" | ").Append(Text(option.Description)).Append(option.Required ? " Required." : "").Append(" | ").Append(Default(option)).Append(" |\n");
        }

        page.Append('\n');
    }

    private static string Default(Option option) => !option.HasDefaultValue ? "" : option.GetDefaultValue() switch
    {
        null or "" or false => "",
        string[] { Length: 0 } => "",
        string[] list => $"`{string.Join(", ", list)}`",
        var value => FormattableString.Invariant($"`{value}`").ToLowerInvariant(),
    };

    private static string Usage(Argument argument)
    {
        var name = argument.Arity.MaximumNumberOfValues > 1 ? $"{argument.Name}..." : argument.Name;
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : $"<{name}>";
    }

    private static IEnumerable<Command> Visible(Command command) => command.Subcommands.Where(static below => !below.Hidden);

    private static string Text(string? description) => (description ?? "").Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
