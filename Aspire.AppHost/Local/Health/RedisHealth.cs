namespace InferMesh.AppHost.Local.Health;

/// <summary>Redis is up once it answers PING with PONG; while it loads its file it answers with an error.</summary>
internal sealed class RedisHealth(int port) : IHealthCheck
{
    private static readonly byte[] Ping = "*1\r\n$4\r\nPING\r\n"u8.ToArray();

    public async Task<bool> IsHealthyAsync(ProcessLog log, CancellationToken cancellationToken)
    {
        var answer = await TcpExchange.AskAsync(port, Ping, cancellationToken);
        return answer.AsSpan().StartsWith("+PONG"u8);
    }
}
