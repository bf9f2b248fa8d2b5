using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using InferMesh.Cli.Agent;
using InferMesh.Cli.Decisions;
using InferMesh.Cli.DevCerts;
using InferMesh.Cli.Fleet;
using InferMesh.Cli.Operator;
using InferMesh.Cli.Operator.Apply;
using InferMesh.Cli.Operator.Backup;
using InferMesh.Cli.Operator.Completion;
using InferMesh.Cli.Operator.Config;
using InferMesh.Cli.Operator.Experiments;
using InferMesh.Cli.Operator.Fleet;
using InferMesh.Cli.Operator.Jobs;
using InferMesh.Cli.Operator.Live;
using InferMesh.Cli.Operator.Models;
using InferMesh.Cli.Operator.Objects;
using InferMesh.Cli.Operator.Plugins;
using InferMesh.Cli.Operator.Routing;
using InferMesh.Cli.Replay;
using InferMesh.Cli.Sim;
using InferMesh.Cli.Trainer;

namespace InferMesh.Cli;

/// <summary>The grammar of <c>infermesh</c> and its exit codes: 0 done, 1 failed, 2 wrong command line.</summary>
internal static class InferMeshCommand
{
    public const int ExitFailed = 1;
    public const int ExitUsage = 2;

    /// <summary>The command with everything below it. A new command is a file of its own and one line here.</summary>
    public static Command Create() => Create(SimCommand.Create());

    /// <summary>The same with another simulator, as tests have it.</summary>
    public static Command Create(Command sim)
    {
        var root = new Command("infermesh", "Operate an InferMesh and the tools around it.") { new HelpOption(), new VersionOption() };
        foreach (var command in Commands(sim))
            root.Subcommands.Add(command);
        root.Subcommands.Add(CompletionCommand.Asked(() => root));
        return root;
    }

    private static IEnumerable<Command> Commands(Command sim) =>
    [
        .. NodeCommands.Create(),
        .. CellCommands.Create(),
        .. ModelCommands.Create(),
        RouteCommand.Create(),
        .. TopologyCommands.Create(),
        ObjectCommands.Policy(),
        StrategyCommand.Create(),
        ExperimentCommand.Create(),
        ObjectCommands.Endpoint(),
        JobCommand.Create(),
        CapacityCommand.Create(),
        ObjectCommands.Tenant(),
        QuotaCommand.Create(),
        KeysCommand.Create(),
        EventsCommand.Create(),
        StatsCommand.Create(),
        TopCommand.Create(),
        HealthCommand.Create(),
        HealthCommand.WhoAmI(),
        ApplyCommand.Create(),
        DiffCommand.Create(),
        ExportCommand.Create(),
        BackupCommand.Create(),
        RestoreCommand.Create(),
        ConfigCommand.Create(),
        CompletionCommand.Create(),
        AgentCommand.Create(),
        TrainerCommand.Create(),
        FleetCommand.Create(static report => new FleetReporter(report.Targets, report.Interval, AgentLogging.Create(), TimeProvider.System) { Credential = report.Credential, Tls = report.Tls }),
        ReplayCommand.Create(),
        ReplayDecisionsCommand.Create(),
        DecisionsCommand.Create(),
        sim,
        DevCertsCommand.Create(TimeProvider.System),
    ];

    /// <summary>Parses and runs; a wrong command line is one line on the error output.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error) => RunAsync(Create(), args, output, error);

    /// <summary>The same for a given grammar.</summary>
    public static Task<int> RunAsync(Command root, IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default) =>
        RunAsync(root, args, Shell.Real(output, error), cancellationToken);

    /// <summary>The same in a given shell.</summary>
    public static async Task<int> RunAsync(Command root, IReadOnlyList<string> args, Shell shell, CancellationToken cancellationToken = default)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            // A word that fits nowhere is the cause; that a command is missing too is its consequence.
            var message = parsed.UnmatchedTokens is [var word, ..] ? $"'{word}' is not a command or option here" : OneLine(parsed.Errors[0].Message);
            await shell.Error.WriteLineAsync($"infermesh: {message} (see infermesh {HelpPath(parsed)}--help)");
            return ExitUsage;
        }

        try
        {
            return await parsed.InvokeAsync(shell, cancellationToken);
        }
        catch (UsageException exception)
        {
            await shell.Error.WriteLineAsync($"infermesh: {OneLine(exception.Message)}");
            return ExitUsage;
        }
        catch (CommandFailedException exception)
        {
            await shell.Error.WriteLineAsync($"infermesh: {OneLine(exception.Message)}");
            return ExitFailed;
        }
        catch (OperationCanceledException)
        {
            return SimCommand.ExitInterrupted;
        }
    }

    private static string HelpPath(ParseResult parsed)
        => parsed.CommandResult.Command is not { Name: not "infermesh" } command ? ""
            : parsed.CommandResult.Parent is CommandResult { Command: { Name: not "infermesh" } parent } ? $"{parent.Name} {command.Name} " : $"{command.Name} ";

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
