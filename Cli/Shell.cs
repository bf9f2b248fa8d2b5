using System.CommandLine;
using Spectre.Console;

namespace InferMesh.Cli;

/// <summary>What commands have around them: output and errors, the environment's variables, the input, the clock, and whether somebody looks at a terminal.</summary>
internal sealed class Shell : InvocationConfiguration
{
    public const string NoColourVariable = "NO_COLOR";

    // A line is never folded: a terminal does that where it ends.
    private const int NoFold = 100_000;

    private IAnsiConsole? _lines;

    public Shell()
    {
        EnableDefaultExceptionHandler = false;
        // More than an agent gives the ranks of its jobs.
        ProcessTerminationTimeout = TimeSpan.FromSeconds(10);
    }

    /// <summary>Variables of the environment.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The input.</summary>
    public TextReader Input { get; init; } = Console.In;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Keys that somebody presses; null where nobody can.</summary>
    public Func<IAnsiConsoleInput?> Keys { get; init; } = static () => null;

    /// <summary>Whether the output is a terminal that somebody looks at.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Characters of a line and lines of the terminal; null asks the terminal.</summary>
    public (int Width, int Height)? Size { get; init; }

    /// <summary>Whether colours are seen by somebody who wants them: not in a file, a pipe, or where <c>NO_COLOR</c> is set (no-color.org).</summary>
    public bool HasColours => IsTerminal && string.IsNullOrEmpty(Variable(NoColourVariable));

    /// <summary>The terminal with colours, for lines of markup that are never folded.</summary>
    public IAnsiConsole Lines
    {
        get
        {
            if (_lines is null)
            {
                _lines = Terminal(ColorSystemSupport.Standard);
                _lines.Profile.Width = NoFold;
            }

            return _lines;
        }
    }

    /// <summary>The whole terminal, to draw on it.</summary>
    public IAnsiConsole Screen() => IsTerminal ? Terminal(HasColours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors) : PlainConsole.Create(Output);

    /// <summary>The shell of a command that runs.</summary>
    public static Shell Of(ParseResult parsed) => parsed.InvocationConfiguration as Shell ?? new() { Output = parsed.InvocationConfiguration.Output, Error = parsed.InvocationConfiguration.Error };

    /// <summary>The shell of this process, with these outputs.</summary>
    public static Shell Real(TextWriter output, TextWriter error) => new()
    {
        Output = output,
        Error = error,
        IsTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected,
        Keys = static () => Console.IsInputRedirected ? null : AnsiConsole.Console.Input,
    };

    private IAnsiConsole Terminal(ColorSystemSupport colours)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Output), Ansi = AnsiSupport.Yes, ColorSystem = colours });
        if (Size is var (width, height))
            (console.Profile.Width, console.Profile.Height) = (width, height);
        return console;
    }
}
