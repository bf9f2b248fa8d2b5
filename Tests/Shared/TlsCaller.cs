using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace InferMesh.Tests.Shared;

/// <summary>Whoever connects to a port with TLS, with good or bad intentions; on real sockets.</summary>
internal sealed class TlsCaller : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TcpClient _client;

    private TlsCaller(TcpClient client, Stream stream) => (_client, Stream) = (client, stream);

    public Stream Stream { get; }

    /// <summary>Shakes hands; null when that alone was refused.</summary>
    public static async Task<TlsCaller?> ConnectAsync(int port, TestLeaf? leaf)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = new SslStream(client.GetStream());
        try
        {
            var options = new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null };
            if (leaf is not null)
            {
                var chain = new X509Certificate2Collection();
                chain.ImportFromPem(leaf.CertificatePem);
                options.ClientCertificateContext = SslStreamCertificateContext.Create(leaf.Load(), chain, offline: true);
            }
            using var limit = new CancellationTokenSource(Patience);
            await stream.AuthenticateAsClientAsync(options, limit.Token);
            return new(client, stream);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await stream.DisposeAsync();
            client.Dispose();
            return null;
        }
    }

    /// <summary>Whether the port closes on whoever comes like this, instead of waiting for what he wants.</summary>
    public static async Task<bool> IsRefusedAsync(int port, TestLeaf? leaf)
    {
        using var caller = await ConnectAsync(port, leaf);
        // With TLS 1.3 a client learns of its refusal when it reads.
        return caller is null || await IsClosedAsync(caller.Stream, TimeSpan.FromSeconds(2));
    }

    /// <summary>Sends bytes without TLS and waits for the end.</summary>
    public static async Task<bool> IsRefusedAsync(int port, ReadOnlyMemory<byte> bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(bytes);
        return await IsClosedAsync(client.GetStream(), Patience);
    }

    /// <summary>A request without TLS.</summary>
    public static ReadOnlyMemory<byte> PlainHttp => Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

    /// <summary>The first words of a client that speaks TLS 1.1 and no later version (RFC 4346, 7.4.1.2), with suites of that time.</summary>
    public static ReadOnlyMemory<byte> HelloOfTls11
    {
        get
        {
            byte[] body = [3, 2, .. new byte[32], 0, 0, 8, 0xC0, 0x13, 0xC0, 0x14, 0, 0x2F, 0, 0x35, 1, 0];
            byte[] message = [1, 0, 0, (byte)body.Length, .. body];
            return (byte[])[22, 3, 1, 0, (byte)message.Length, .. message];
        }
    }

    /// <summary>A handshake that stops after its first bytes.</summary>
    public static ReadOnlyMemory<byte> HalfHello => HelloOfTls11[..8];

    /// <summary>Whether the other end closes within a time; what it says before does not matter.</summary>
    public static async Task<bool> IsClosedAsync(Stream stream, TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, limit.Token) > 0)
            {
            }
            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        Stream.Dispose();
        _client.Dispose();
    }
}
