using System.Data.Common;
using System.Net.Sockets;
using InferMesh.ServiceDefaults.Options;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>Knows the failures that are the machine's or the configuration's fault; all others are bugs and keep their stack trace.</summary>
internal static class StartupFailure
{
    private const int MaxLength = 160;

    public static StartupException? Explain(Exception exception)
    {
        foreach (var e in Chain(exception))
        {
            switch (e)
            {
                case StartupException startup:
                    return startup;
                case OptionsValidationException options:
                    return new StartupException([.. options.Failures.Select(failure => new SettingError(options.OptionsType.Name, null, failure))]);
                case AddressInUseException:
                case SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    return new StartupException($"A port is taken by another process: {exception.Message}", ExitCodes.Failed);
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AccessDenied }:
                    return new StartupException($"An address cannot be listened on: {exception.Message}", ExitCodes.Failed);
                case RedisException redis:
                    return new StartupException($"Redis does not answer (ConnectionStrings:redis): {FirstLine(redis.Message)}", ExitCodes.Failed);
                case DbException database:
                    return new StartupException($"The database does not answer: {FirstLine(database.Message)}", ExitCodes.Failed);
                default:
                    break;
            }
        }

        return null;
    }

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        var open = new Queue<Exception>([exception]);
        while (open.TryDequeue(out var e))
        {
            yield return e;
            if (e is AggregateException several)
                several.InnerExceptions.ToList().ForEach(open.Enqueue);
            else if (e.InnerException is { } inner)
                open.Enqueue(inner);
        }
    }

    // Drivers append pages of their own state.
    private static string FirstLine(string message)
    {
        var line = message.Split('\n', 2)[0].TrimEnd();
        return line.Length <= MaxLength ? line : line[..MaxLength] + "...";
    }
}
