using System.Net.Sockets;

namespace InferMesh.Api.Grpc;

/// <summary>Tells trouble of the cluster, which passes, from bugs, which do not.</summary>
internal static class ClusterFaults
{
    /// <summary>Tries of a call that may be repeated.</summary>
    public const int MaxTries = 3;

    /// <summary>Whether the same call may well succeed a moment later.</summary>
    public static bool IsTransient(Exception e) => e is TimeoutException or OrleansException or SocketException or IOException;

    /// <summary>A pause that grows with each try, so that a rejecting gateway is not hammered.</summary>
    public static TimeSpan Pause(int attempt) => TimeSpan.FromMilliseconds(50 * attempt);

    /// <summary>Repeats a read: only for calls without an effect.</summary>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await read().WaitAsync(cancellationToken);
            }
            catch (Exception e) when (attempt < MaxTries && IsTransient(e))
            {
                await Task.Delay(Pause(attempt), time, cancellationToken);
            }
        }
    }
}
