using System.Diagnostics;
using System.Net.Sockets;

namespace InferMesh.Tests.Shared;

/// <summary>A throw-away redis-server on a free loopback port, without persistence unless asked for.</summary>
internal sealed class RedisFixture : IAsyncDisposable
{
    private static readonly TimeSpan s_startTimeout = TimeSpan.FromSeconds(20);
    private readonly string _program;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("infermesh-redis-");
    private readonly bool _durable;
    private Process? _process;

    private RedisFixture(string program, bool durable) => (_program, _durable) = (program, durable);

    public int Port { get; } = ExternalProcess.FreePort();

    public string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>The server's process, for tests that stop or kill it.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>Starts the server; the test is inconclusive when redis-server is not installed.</summary>
    /// <param name="durable">It writes each change to its file, and has it all again when it comes back.</param>
    public static async Task<RedisFixture> StartAsync(bool durable = false)
    {
        if (ExternalProcess.Find("redis-server") is not { } program)
        {
            Assert.Inconclusive("redis-server is not on PATH (Debian: apt-get install redis-server)");
            throw new UnreachableException();
        }

        var fixture = new RedisFixture(program, durable);
        await fixture.StartAgainAsync();
        return fixture;
    }

    /// <summary>Starts the server that was killed, on the same port.</summary>
    public async Task StartAgainAsync()
    {
        _process?.Dispose();
        _process = ExternalProcess.Start(
            _program, "--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", _durable ? "yes" : "no", "--appendfsync", "always", "--dir", _folder.FullName,
            "--logfile", Path.Combine(_folder.FullName, "redis.log"));
        await ExternalProcess.UntilAsync(() => AcceptsAsync(Port), s_startTimeout, "redis-server listens");
    }

    /// <summary>Kills the server.</summary>
    public async Task KillAsync()
    {
        if (!_process!.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process!.Dispose();
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
