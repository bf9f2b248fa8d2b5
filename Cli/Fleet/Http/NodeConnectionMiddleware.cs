using Microsoft.AspNetCore.Connections;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Ties a port's connections to its node: requests find the node as a feature, and a failing node drops what it accepts.</summary>
internal sealed class NodeConnectionMiddleware(SyntheticNode node, ConnectionDelegate next)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        connection.Features.Set(node);
        node.Connections.Add(connection);
        try
        {
            // Looked at after the connection is in the set: a switch to fail in between finds it there.
            if (node.Mode.Mode == NodeMode.Fail)
            {
                connection.Abort();
                return;
            }

            await next(connection);
        }
        finally
        {
            node.Connections.Remove(connection);
        }
    }
}
