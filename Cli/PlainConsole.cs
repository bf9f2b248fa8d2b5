using Spectre.Console;

namespace InferMesh.Cli;

/// <summary>A console that writes plain text: the same in a file, a pipe and a terminal.</summary>
internal static class PlainConsole
{
    private const int Width = 200;

    public static IAnsiConsole Create(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = Width;
        return console;
    }
}
