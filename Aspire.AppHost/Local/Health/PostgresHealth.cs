using System.Buffers.Binary;
using System.Text;

namespace InferMesh.AppHost.Local.Health;

/// <summary>
/// PostgreSQL is up once it answers a start-up message with an authentication request; while it recovers it answers with an error.
/// https://www.postgresql.org/docs/current/protocol-message-formats.html
/// </summary>
internal sealed class PostgresHealth(int port, string user, string database) : IHealthCheck
{
    private const int ProtocolVersion3 = 3 << 16;
    private readonly byte[] _startup = Startup(user, database);

    public async Task<bool> IsHealthyAsync(ProcessLog log, CancellationToken cancellationToken)
    {
        var answer = await TcpExchange.AskAsync(port, _startup, cancellationToken);
        return answer is [(byte)'R', ..];
    }

    internal static byte[] Startup(string user, string database)
    {
        var parameters = Encoding.UTF8.GetBytes($"user\0{user}\0database\0{database}\0\0");
        var message = new byte[8 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), ProtocolVersion3);
        parameters.CopyTo(message, 8);
        return message;
    }
}
