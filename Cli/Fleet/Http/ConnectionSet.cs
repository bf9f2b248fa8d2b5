using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>The open connections of one node, so that a failing node can drop them all.</summary>
internal sealed class ConnectionSet
{
    private readonly ConcurrentDictionary<ConnectionContext, byte> _open = new();

    public int Count => _open.Count;

    public void Add(ConnectionContext connection) => _open.TryAdd(connection, 0);

    public void Remove(ConnectionContext connection) => _open.TryRemove(connection, out _);

    public void AbortAll()
    {
        foreach (var (connection, _) in _open)
            connection.Abort();
    }
}
