using System.CommandLine;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary>What a command that calls the API has at hand.</summary>
internal sealed record ApiCall(ParseResult Parsed, ApiClient Api, bool Json, TextWriter Output, TextWriter Error)
{
    /// <summary>Writes an answer: as it came, or in the words of the command.</summary>
    public Task WriteAsync(JsonElement answer, Func<JsonElement, string> text) => Output.WriteLineAsync(Json ? Terminal.Json(answer) : text(answer));
}

/// <summary>Makes commands that call the API: where it is, with which key, and how the answer is shown.</summary>
internal static class ApiCommand
{
    private const string KeyVariable = "INFERMESH_API_KEY";

    public static Command Create(string name, string description, Func<ApiCall, CancellationToken, Task<int>> run, params IEnumerable<Symbol> symbols)
    {
        var api = new Option<string>("--api") { Description = "Address of the REST API.", DefaultValueFactory = static _ => ApiClient.DefaultAddress };
        var keyFile = new Option<string?>("--key-file") { Description = $"File with an admin key; the variable {KeyVariable} by default." };
        var output = new Option<string>("--output", "-o") { Description = "text, or json: one object a line.", DefaultValueFactory = static _ => "text" };
        var command = new Command(name, description) { api, keyFile, output };
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(output) is not ("text" or "json"))
                throw new UsageException("--output must be text or json");
            using var client = new ApiClient(parsed.GetValue(api)!, Key(parsed.GetValue(keyFile)));
            return await run(new(parsed, client, parsed.GetValue(output) == "json", parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error), cancellationToken);
        });
        return command;
    }

    private static string? Key(string? file)
    {
        if ((file is null ? Environment.GetEnvironmentVariable(KeyVariable) : Read(file)) is not { Length: > 0 } text)
            return file is null ? null : throw new UsageException($"--key-file: '{file}' is empty");
        var key = text.Trim();
        return key.Length > 0 && key.All(static c => c is > ' ' and <= '~') ? key : throw new UsageException($"{(file is null ? KeyVariable : "--key-file")}: the key must be printable ASCII characters without spaces");
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--key-file: cannot read '{file}': {exception.Message}");
        }
    }
}
