using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using InferMesh.Cli.Agent;
using InferMesh.Cli.Fleet;
using InferMesh.Cli.Operator;
using InferMesh.Cli.Operator.Jobs;
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
    public static Command Create(Command sim) => new("infermesh", "Operate an InferMesh and the tools around it.")
    {
        new HelpOption(),
        new VersionOption(),
        AgentCommand.Create(),
        FleetCommand.Create(static (targets, interval) => new FleetReporter(targets, interval, AgentLogging.Create(), TimeProvider.System)),
        EventsCommand.Create(),
        JobCommand.Create(),
        CapacityCommand.Create(),
        ReplayCommand.Create(),
        sim,
        TrainerCommand.Create(),
    };

    /// <summary>Parses and runs; a wrong command line is one line on the error output.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error) => RunAsync(Create(), args, output, error);

    /// <summary>The same for a given grammar.</summary>
    public static async Task<int> RunAsync(Command root, IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            // A word that fits nowhere is the cause; that a command is missing too is its consequence.
            var message = parsed.UnmatchedTokens is [var word, ..] ? $"'{word}' is not a command or option here" : OneLine(parsed.Errors[0].Message);
            await error.WriteLineAsync($"infermesh: {message} (see infermesh {HelpPath(parsed)}--help)");
            return ExitUsage;
        }

        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            // More than an agent gives the ranks of its jobs.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
        };
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (UsageException exception)
        {
            await error.WriteLineAsync($"infermesh: {OneLine(exception.Message)}");
            return ExitUsage;
        }
        catch (CommandFailedException exception)
        {
            await error.WriteLineAsync($"infermesh: {OneLine(exception.Message)}");
            return ExitFailed;
        }
    }

    private static string HelpPath(ParseResult parsed)
        => parsed.CommandResult.Command is not { Name: not "infermesh" } command ? ""
            : parsed.CommandResult.Parent is CommandResult { Command: { Name: not "infermesh" } parent } ? $"{parent.Name} {command.Name} " : $"{command.Name} ";

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
