using InferMesh.ServiceDefaults.Hosting;
using StackExchange.Redis;

namespace InferMesh.Silo.Clustering;

/// <summary>A silo cannot join without Redis: wait for one that is still starting, then say so in one line.</summary>
internal sealed partial class RedisPreflight(IServiceProvider services, string name, ILogger<RedisPreflight> logger) : IPreflight
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var connection = services.GetRequiredKeyedService<IConnectionMultiplexer>(name);
        var address = string.Join(',', connection.GetEndPoints().Select(endPoint => endPoint.ToString()));
        var start = TimeProvider.System.GetTimestamp();
        for (var attempt = 0; TimeProvider.System.GetElapsedTime(start) < s_patience; attempt++)
        {
            if (await AnswersAsync(connection))
                return;
            if (attempt == 0)
                LogWaiting(name, address);
            await Task.Delay(s_pause, cancellationToken);
        }

        throw new StartupException($"Redis does not answer at {address} (ConnectionStrings:{name}); start it or mend the address.", ExitCodes.Failed);
    }

    private static async Task<bool> AnswersAsync(IConnectionMultiplexer connection)
    {
        try
        {
            await connection.GetDatabase().PingAsync();
            return true;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for Redis {Name} at {Address}")]
    private partial void LogWaiting(string name, string address);
}
