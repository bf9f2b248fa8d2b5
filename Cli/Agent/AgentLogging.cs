using Microsoft.Extensions.Logging.Console;

namespace InferMesh.Cli.Agent;

/// <summary>Logs of a long-running command: plain lines on the error output, so that the output stays for results.</summary>
internal static class AgentLogging
{
    public static ILoggerFactory Create() => LoggerFactory.Create(builder => builder
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        })
        .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
}
