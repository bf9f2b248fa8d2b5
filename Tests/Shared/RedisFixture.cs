using System.Diagnostics;
using System.Net.Sockets;

namespace InferMesh.Tests.Shared;

/// <summary>A throw-away redis-server on a free loopback port, without persistence.</summary>
internal sealed class RedisFixture : IAsyncDisposable
{
    private static readonly TimeSpan s_startTimeout = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private RedisFixture(Process process, DirectoryInfo folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    public string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>The server's process, for tests that stop or kill it.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts the server; the test is inconclusive when redis-server is not installed.</summary>
    public static async Task<RedisFixture> StartAsync()
    {
        if (ExternalProcess.Find("redis-server") is not { } program)
        {
            Assert.Inconclusive("redis-server is not on PATH (Debian: apt-get install redis-server)");
            throw new UnreachableException();
        }

        var folder = Directory.CreateTempSubdirectory("infermesh-redis-");
        var port = ExternalProcess.FreePort();
        var process = ExternalProcess.Start(
            program, "--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder.FullName, "--logfile", Path.Combine(folder.FullName, "redis.log"));
        var fixture = new RedisFixture(process, folder, port);
        await ExternalProcess.UntilAsync(() => AcceptsAsync(port), s_startTimeout, "redis-server listens");
        return fixture;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
