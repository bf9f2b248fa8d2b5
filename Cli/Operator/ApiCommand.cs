using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator;

/// <summary>What a command that calls the API has at hand.</summary>
internal sealed record ApiCall(ParseResult Parsed, Shell Shell, ApiClient Api, Answers Answers)
{
    public TextWriter Output => Shell.Output;

    public TextWriter Error => Shell.Error;

    /// <summary>Whether answers are written as JSON, one object a line.</summary>
    public bool Json => Answers.IsJson;

    /// <summary>Writes one answer.</summary>
    public Task WriteAsync(JsonElement answer, View view) => Answers.OneAsync(answer, view);
}

/// <summary>Makes commands that call the API: where it is, with which key, and how the answer is shown.</summary>
internal static class ApiCommand
{
    public static Command Create(string name, string description, Func<ApiCall, CancellationToken, Task<int>> run, params IEnumerable<Symbol> symbols) =>
        Create(name, description, OutputOption.All, run, symbols);

    /// <param name="name">Name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="forms">What <c>--output</c> may be, the default first; empty leaves the option to the command.</param>
    /// <param name="run">Does it; gives the exit code.</param>
    /// <param name="symbols">Its own arguments and options.</param>
    public static Command Create(string name, string description, IReadOnlyList<string> forms, Func<ApiCall, CancellationToken, Task<int>> run, params IEnumerable<Symbol> symbols)
    {
        Symbol[] own = [.. symbols];
        var where = new ApiOptions(hasToken: !own.Any(static symbol => symbol.Name == "--token"));
        var output = forms.Count > 0 ? new OutputOption(forms) : null;
        var command = new Command(name, description);
        foreach (var argument in own.OfType<Argument>())
            command.Arguments.Add(argument);
        foreach (var option in own.OfType<Option>())
            command.Options.Add(option);
        if (output is not null)
            command.Options.Add(output.Option);
        foreach (var option in where.All)
            command.Options.Add(option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var shell = Shell.Of(parsed);
            var answers = new Answers(shell, output?.Read(parsed) ?? "");
            using var client = where.Read(parsed).Connect();
            return await run(new(parsed, shell, client, answers), cancellationToken);
        });
        return command;
    }
}
