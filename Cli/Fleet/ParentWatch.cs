using System.Diagnostics;
using System.Globalization;

namespace InferMesh.Cli.Fleet;

/// <summary>Ends a child's work when the process that started it is gone, even when that was killed and could not say so.</summary>
internal static class ParentWatch
{
    public const string Variable = "MESH_PARENT_PID";

    /// <summary>Waits for the end of the process named by the environment; forever when none is named.</summary>
    /// <exception cref="UsageException">The variable is not a process id.</exception>
    public static async Task WaitForParentExitAsync(string? parent, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(parent))
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        if (!int.TryParse(parent, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || pid < 1)
            throw new UsageException($"{Variable} must be the id of a process, not '{parent}'");

        try
        {
            using var process = Process.GetProcessById(pid);
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (ArgumentException)
        {
            // It ended before we looked.
        }
        catch (OperationCanceledException)
        {
            // We end first.
        }
    }
}
