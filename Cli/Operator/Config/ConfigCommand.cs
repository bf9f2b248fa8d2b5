using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Config;

/// <summary><c>infermesh config</c>: contexts, which say where a mesh is and how to sign in there.</summary>
internal static class ConfigCommand
{
    private static readonly View Contexts = new("context",
    [
        new("CURRENT", static context => context.Text("current")), Column.Of("NAME", "name"), Column.Of("API", "api"), Column.Of("SIGN IN", "signIn"), Column.Of("CA", "caFile").Wide(), Column.Of("CERTIFICATE", "certFile").Wide(), Column.Of("KEY", "keyFile").Wide(),
    ]);

    private static readonly View Whole = View.OfText("config", "currentContext", static config => YamlText.Of(config).TrimEnd());

    public static Command Create() => new("config", "Name meshes and how to sign in there, and choose one of them.") { GetContexts(), Use(), Set(), Delete(), Current(), Show() };

    private static Command GetContexts() => Shown("get-contexts", "List contexts; * marks the one that commands use.", static (config, answers) => answers.RowsAsync([.. config.Contexts.Select(entry => Row(config, entry.Key, entry.Value))], Contexts));

    private static Command Show() => Shown("view", "Show the whole file; keys are stars.", static (config, answers) => answers.OneAsync(config.ToJson(redacted: true), Whole));

    private static Command Current() => Plain("current-context", "Print the name of the context that commands use.", [], static (_, config, _) =>
        config.Current ?? throw new CommandFailedException("there is no current context: infermesh config use-context NAME chooses one"));

    private static Command Use()
    {
        var name = Name();
        return Plain("use-context", "Choose the context that commands use.", [name], (parsed, config, _) =>
        {
            var chosen = parsed.GetRequiredValue(name);
            config.Get(chosen);
            config.Current = chosen;
            config.Save();
            return $"{chosen} is the current context";
        });
    }

    private static Command Delete()
    {
        var name = Name();
        return Plain("delete-context", "Delete a context; files that it names stay.", [name], (parsed, config, _) =>
        {
            var gone = parsed.GetRequiredValue(name);
            config.Get(gone);
            config.Contexts.Remove(gone);
            if (config.Current == gone)
                config.Current = null;
            config.Save();
            return $"{gone} is deleted";
        });
    }

    private static Command Set()
    {
        var name = Name();
        var api = new Option<string?>("--api") { Description = "Address of the REST API.", HelpName = "URL" };
        var key = new Option<string?>("--api-key") { Description = "Key or token to keep in the file; - reads it from the input. Better a file of its own: --key-file." };
        var keyFile = new Option<string?>("--key-file", "--token-file") { Description = "File with the key or token, read anew for each call.", HelpName = "FILE" };
        var use = new Option<bool>("--use") { Description = "Choose it as the current context too." };
        var tls = new TlsOptions();
        return Plain("set-context", "Make a context, or change what is given of it; an empty text takes a part away.", [name, api, key, keyFile, use, .. tls.All], (parsed, config, input) =>
        {
            var (one, files) = (parsed.GetRequiredValue(name), tls.Named(parsed));
            if (one.Length == 0 || one.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c)))
                throw new UsageException("the name of a context must have no spaces");
            if (parsed.GetValue(key) is not null && parsed.GetValue(keyFile) is not null)
                throw new UsageException("--api-key and --key-file exclude each other: give one");
            var before = config.Contexts.GetValueOrDefault(one) ?? new();
            var context = before with
            {
                Api = Or(parsed.GetValue(api), before.Api),
                ApiKey = parsed.GetValue(keyFile) is { Length: > 0 } ? null : Or(Key(parsed.GetValue(key), input), before.ApiKey),
                ApiKeyFile = parsed.GetValue(key) is { Length: > 0 } ? null : Or(Full(parsed.GetValue(keyFile)), before.ApiKeyFile),
                CaFile = Or(Full(files?.Authorities), before.CaFile),
                CertFile = Or(Full(files?.Certificate), before.CertFile),
                KeyFile = Or(Full(files?.Key), before.KeyFile),
            };
            Check(context);
            config.Contexts[one] = context;
            if (parsed.GetValue(use))
                config.Current = one;
            config.Save();
            return $"{one} is in {config.FilePath}{(config.Current == one ? " and the current context" : "")}";
        });
    }

    private static void Check(MeshContext context)
    {
        if (context.Api is null)
            throw new UsageException("--api must name the address of the API: the context has none yet");
        ApiClient.AddressOf(context.Api);
        if (context.Tls is null)
            return;
        if (!context.Api.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
            throw new UsageException("--ca, --cert and --key are for an https address only");
        TlsOptions.Check(context.Tls, "--ca", "--cert", "--key");
    }

    private static string? Key(string? text, TextReader input) => text switch
    {
        null => null,
        "" => "",
        "-" => Checked("the input", input.ReadToEnd()),
        _ => Checked("--api-key", text),
    };

    private static string Checked(string source, string text) => Credential.Of(source, text).Text;

    /// <summary>A path that is good from anywhere.</summary>
    private static string? Full(string? path) => path is { Length: > 0 } ? Path.GetFullPath(path) : path;

    private static string? Or(string? given, string? before) => given is null ? before : given.Length > 0 ? given : null;

    private static Command Shown(string name, string description, Func<ConfigFile, Answers, Task> show)
    {
        var output = new OutputOption(OutputOption.All);
        var command = new Command(name, description) { output.Option };
        command.SetAction(async (parsed, _) =>
        {
            var shell = Shell.Of(parsed);
            await show(ConfigFile.Read(shell.Variable), new(shell, output.Read(parsed)));
            return 0;
        });
        return command;
    }

    private static Command Plain(string name, string description, IEnumerable<Symbol> symbols, Func<ParseResult, ConfigFile, TextReader, string> run)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }

        command.SetAction(async (parsed, _) =>
        {
            var shell = Shell.Of(parsed);
            await shell.Output.WriteLineAsync(Terminal.Clean(run(parsed, ConfigFile.Read(shell.Variable), shell.Input)));
            return 0;
        });
        return command;
    }

    private static JsonElement Row(ConfigFile config, string name, MeshContext context) => JsonSerializer.SerializeToElement(new
    {
        current = config.Current == name ? "*" : "",
        name,
        api = context.Api ?? "",
        signIn = context.SignIn,
        caFile = context.CaFile ?? "",
        certFile = context.CertFile ?? "",
        keyFile = context.KeyFile ?? "",
    });

    private static Argument<string> Name() => new("name") { Description = "Name of the context." };
}
