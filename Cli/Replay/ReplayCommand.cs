using System.CommandLine;
using System.Text.Json;

namespace InferMesh.Cli.Replay;

/// <summary><c>infermesh replay</c>: sends the requests of a recorded trace, open loop, and reports what came back.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var trace = new Option<string>("--trace") { Description = "Trace file: .csv or .jsonl, plain or .gz.", Required = true };
        var format = new Option<string>("--format") { Description = "azure, mooncake or csv (a header line naming time, prompt and output token columns).", Required = true };
        var target = new Option<string>("--target") { Description = "Base address of an OpenAI-compatible server.", Required = true };
        var speed = new Option<double>("--speed") { Description = "Divides the trace's times: 10 sends ten times as fast.", DefaultValueFactory = static _ => 1 };
        var duration = new Option<double>("--duration") { Description = "Seconds of measured sending.", DefaultValueFactory = static _ => 60 };
        var warmup = new Option<double>("--warmup") { Description = "Seconds of sending before it that are left out of every figure." };
        var model = new Option<string>("--model") { Description = "Model to ask for.", DefaultValueFactory = static _ => Fleet.FleetOptions.DefaultModel };
        var maxInFlight = new Option<int>("--max-in-flight") { Description = "Requests in flight beyond which sending waits.", DefaultValueFactory = static _ => 2000 };
        var stream = new Option<bool>("--stream") { Description = "Ask for a stream: true or false.", Arity = ArgumentArity.ExactlyOne, DefaultValueFactory = static _ => true };
        var api = new Option<string>("--api") { Description = "completions or chat.", DefaultValueFactory = static _ => "completions" };
        var timeout = new Option<double>("--timeout") { Description = "Seconds after which a request is given up.", DefaultValueFactory = static _ => 300 };
        var seed = new Option<int>("--seed") { Description = "Seed of the prompts' text." };
        var header = new Option<string[]>("--header") { Description = "Header for every request, name=value; may be repeated.", DefaultValueFactory = static _ => [] };
        var output = new Option<string?>("--output") { Description = "File for the result as JSON." };

        var command = new Command("replay", "Replay a recorded trace against an OpenAI-compatible server, open loop.")
        {
            trace, format, target, speed, duration, warmup, model, maxInFlight, stream, api, timeout, seed, header, output,
        };
        var (signIn, tls) = (new SignInOptions(), new TlsOptions());
        foreach (var option in signIn.All.Concat(tls.All))
            command.Options.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var address = ReplayArguments.Target(parsed.GetRequiredValue(target));
            var options = new ReplayOptions
            {
                TracePath = parsed.GetRequiredValue(trace),
                Format = ReplayArguments.Format(parsed.GetRequiredValue(format)),
                Target = address,
                Speed = ReplayArguments.Positive("--speed", parsed.GetValue(speed), 1_000_000),
                Duration = ReplayArguments.Seconds("--duration", parsed.GetValue(duration)),
                Warmup = parsed.GetValue(warmup) == 0 ? TimeSpan.Zero : ReplayArguments.Seconds("--warmup", parsed.GetValue(warmup)),
                Model = parsed.GetValue(model) is { Length: > 0 } name ? name : throw new UsageException("--model must not be empty"),
                MaxInFlight = parsed.GetValue(maxInFlight) is >= 1 and <= 100_000 and var limit ? limit : throw new UsageException("--max-in-flight must be from 1 to 100000"),
                Stream = parsed.GetValue(stream),
                Chat = ReplayArguments.IsChat(parsed.GetValue(api)!),
                Timeout = ReplayArguments.Seconds("--timeout", parsed.GetValue(timeout)),
                Seed = parsed.GetValue(seed),
                Headers = ReplayArguments.Headers(parsed.GetValue(header)!),
                Credential = signIn.Read(parsed) ?? Credential.OfEnvironment(Shell.Of(parsed).Variable),
                Tls = tls.Read(parsed, address.Scheme == "https")?.Read(),
            };
            var commandLine = ReplayArguments.CommandLine(parsed.Tokens.Select(static token => token.Value));
            return RunAsync(options, parsed.GetValue(output), commandLine, parsed.InvocationConfiguration, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        ReplayOptions options, string? outputPath, string commandLine, InvocationConfiguration invocation, CancellationToken cancellationToken)
    {
        if (outputPath is not null && Path.GetDirectoryName(Path.GetFullPath(outputPath)) is { } folder && !Directory.Exists(folder))
            throw new UsageException($"--output: the folder of '{outputPath}' does not exist; create it first");

        var trace = TraceInput.Read(options.TracePath, options.Format);
        var report = await new ReplayRun(options, TimeProvider.System, invocation.Error).RunAsync(trace, commandLine, cancellationToken);
        ReplayTable.Write(PlainConsole.Create(invocation.Output), report);
        if (outputPath is not null)
            await WriteJsonAsync(outputPath, report);
        return report.TargetReached
            ? 0
            : throw new CommandFailedException($"{options.Target} was never reachable; check --target and that the server runs");
    }

    private static async Task WriteJsonAsync(string path, ReplayReport report)
    {
        try
        {
            await using var file = File.Create(path);
            await JsonSerializer.SerializeAsync(file, report, ReplayJson.Default.ReplayReport);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"--output: cannot write '{path}': {exception.Message}");
        }
    }
}
