using System.ComponentModel;
using CliWrap;

namespace InferMesh.AppHost.Tools;

/// <summary>Whether a container engine answers; a client without its engine does not count.</summary>
internal static class ContainerEngine
{
    public static IReadOnlyList<string> Clients { get; } = ["docker", "podman"];

    /// <summary>Asks each client for its engine; the first that succeeds within the limit decides.</summary>
    public static async Task<bool> AnswersAsync(IExecutables executables, IReadOnlyList<string> clients, TimeSpan limit)
    {
        foreach (var client in clients.Select(c => executables.Find(c)).OfType<string>())
        {
            if (await AnswersAsync(client, limit)) return true;
        }

        return false;
    }

    private static async Task<bool> AnswersAsync(string client, TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            var result = await Cli.Wrap(client).WithArguments("info").WithValidation(CommandResultValidation.None).ExecuteAsync(timeout.Token);
            return result.ExitCode == 0;
        }
        catch (Exception e) when (e is OperationCanceledException or Win32Exception)
        {
            return false;
        }
    }
}
