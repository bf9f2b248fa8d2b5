using System.CommandLine;
using InferMesh.Adapters.Comm.InfiniBand;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Cli.Fleet;

namespace InferMesh.Cli.Agent;

/// <summary><c>infermesh agent</c>: probes this machine and reports it to a mesh until stopped.</summary>
internal static class AgentCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "File that says what to probe and where to report.", HelpName = "FILE" };
        var target = new Option<string[]>("--target")
        {
            Description = "Address of the API, instead of that in the file; may be repeated, the next one is tried when one does not answer.",
            HelpName = "URL",
            AllowMultipleArgumentsPerToken = true,
        };
        var check = new Option<bool>("--check") { Description = "Checks the file, prints what would be probed, tries network and storage once, and ends." };
        var example = new Option<bool>("--example") { Description = "Prints a commented file to start from, and ends." };
        var command = new Command("agent", "Probe the GPUs and runtimes of this machine and report them to a mesh.") { config, target, check, example };
        var tls = new TlsOptions();
        foreach (var option in tls.All)
            command.Options.Add(option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            if (parsed.GetValue(example))
            {
                await output.WriteAsync(AgentExample.Text());
                return 0;
            }

            var file = parsed.GetValue(config) ?? throw new UsageException("--config must name a file; infermesh agent --example prints one to start from");
            if (AgentConfigReader.ReadFile(file, parsed.GetValue(target) ?? [], out var errors) is not { } settings)
                return await RefuseAsync(error, errors);
            if (tls.Read(parsed, settings.Targets.Any(TlsConfigReader.IsHttps)) is { } files)
                settings = settings with { Tls = files };
            if (!parsed.GetValue(check))
                return await RunAsync(settings, error, cancellationToken);
            foreach (var line in AgentCheck.Describe(settings))
                await output.WriteLineAsync(line);
            await foreach (var line in AgentTrial.ReadAsync(settings, new InfiniBandOptions(), TimeProvider.System, cancellationToken))
                await output.WriteLineAsync(line);
            return 0;
        });
        return command;
    }

    private static async Task<int> RunAsync(AgentConfig config, TextWriter error, CancellationToken cancellationToken)
    {
        using var logs = AgentLogging.Create();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var parentGone = ParentWatch.WaitForParentExitAsync(Environment.GetEnvironmentVariable(ParentWatch.Variable), stop.Token);
        var agent = AgentRun.RunAsync(config, logs.CreateLogger("infermesh.agent"), TimeProvider.System, stop.Token);
        var ended = await Task.WhenAny(parentGone, agent);
        await stop.CancelAsync();
        try
        {
            // A watch that failed says why; the agent ends within its own limits.
            await ended;
            await agent;
            return 0;
        }
        catch (RegistrationRejectedException exception)
        {
            return await RefuseAsync(error, [.. exception.Errors.Select(line => $"the mesh refuses the node: {line}")]);
        }
    }

    private static async Task<int> RefuseAsync(TextWriter error, IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
            await error.WriteLineAsync($"infermesh: {line}");
        return InferMeshCommand.ExitUsage;
    }
}
