using System.Security.Cryptography;
using InferMesh.Adapters.Tls;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>
/// Connections with certificates that are renewed while the agent runs: a call that finds new files is made over a new connection, and those under way end on the old
/// one. Files that are broken change nothing and are told once.
/// </summary>
internal sealed class RenewedTlsHandler : HttpMessageHandler
{
    private static readonly TimeSpan LookAfter = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly ClientTlsFiles _files;
    private readonly Func<SocketsHttpHandler> _create;
    private readonly TimeProvider _time;
    private readonly Action<string> _failed;
    private HttpMessageInvoker _current;
    private string _stamp;
    private long _lookedAt;

    /// <param name="files">The files.</param>
    /// <param name="create">Makes a handler without certificates.</param>
    /// <param name="time">The clock.</param>
    /// <param name="failed">Told why new files cannot be used.</param>
    /// <exception cref="UsageException">The files cannot be used now.</exception>
    public RenewedTlsHandler(ClientTlsFiles files, Func<SocketsHttpHandler> create, TimeProvider time, Action<string> failed)
    {
        (_files, _create, _time, _failed) = (files, create, time, failed);
        (_stamp, _lookedAt) = (files.Stamp(), time.GetTimestamp());
        try
        {
            _current = Open();
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            throw new UsageException($"the certificates cannot be used: {exception.Message}");
        }
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Current().SendAsync(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _current.Dispose();
        base.Dispose(disposing);
    }

    private HttpMessageInvoker Current()
    {
        lock (_gate)
        {
            if (_time.GetElapsedTime(_lookedAt) < LookAfter)
                return _current;
            _lookedAt = _time.GetTimestamp();
            if (_files.Stamp() is var stamp && stamp == _stamp)
                return _current;
            _stamp = stamp;
            try
            {
                // The old one is not disposed of: calls are under way on it. Without them it closes its connections by itself.
                return _current = Open();
            }
            catch (Exception exception) when (IsBroken(exception))
            {
                _failed(exception.Message);
                return _current;
            }
        }
    }

    private HttpMessageInvoker Open()
    {
        var handler = _create();
        handler.SslOptions = _files.Read().ToOptions();
        return new(handler);
    }

    private static bool IsBroken(Exception exception) => exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;
}
