using System.Diagnostics;

namespace InferMesh.Tests.Shared;

/// <summary>A throw-away PostgreSQL server on a free loopback port, in a temporary folder, not safe against power loss.</summary>
internal sealed class PostgresFixture : IAsyncDisposable
{
    private readonly string _bin;
    private readonly DirectoryInfo _folder;

    private PostgresFixture(string bin, DirectoryInfo folder, int port)
    {
        _bin = bin;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=postgres;Database=postgres;Maximum Pool Size=20";

    private string Data => Path.Combine(_folder.FullName, "data");

    /// <summary>Makes and starts the server; the test is inconclusive when PostgreSQL is not installed.</summary>
    public static async Task<PostgresFixture> StartAsync()
    {
        if (FindBin() is not { } bin)
        {
            Assert.Inconclusive("initdb is neither under /usr/lib/postgresql nor on PATH (Debian: apt-get install postgresql)");
            throw new UnreachableException();
        }

        var fixture = new PostgresFixture(bin, Directory.CreateTempSubdirectory("infermesh-postgres-"), ExternalProcess.FreePort());
        if (Environment.IsPrivilegedProcess)
            await ExternalProcess.RunAsync("chown", "postgres", fixture._folder.FullName);
        await fixture.RunAsync("initdb", "-D", fixture.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        await fixture.StartAgainAsync();
        return fixture;
    }

    /// <summary>Starts the server that was stopped, on the same port.</summary>
    // The log goes to a file: a server that inherits our pipes would keep them open for ever.
    public Task StartAgainAsync() => RunAsync(
        "pg_ctl", "start", "-w", "-D", Data, "-l", Path.Combine(_folder.FullName, "log"),
        "-o", $"-F -p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder.FullName}");

    /// <summary>Stops the server: <c>fast</c> ends its connections and stops in order, <c>immediate</c> is a crash.</summary>
    public async Task StopAsync(string mode)
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid"))) await RunAsync("pg_ctl", "stop", "-w", "-m", mode, "-D", Data);
    }

    /// <summary>Pids of the server and of those that work for its connections, for tests that stop them.</summary>
    public IReadOnlyList<int> ProcessIds()
    {
        var server = int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), System.Globalization.CultureInfo.InvariantCulture);
        return [server, .. File.ReadAllText($"/proc/{server}/task/{server}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static pid => int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture))];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync("immediate");
        _folder.Delete(recursive: true);
    }

    private static string? FindBin()
    {
        var packaged = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(folder => Path.Combine(folder, "bin"))
            : [];
        // The program on PATH may be a link; its sisters lie beside what it points to.
        return ExternalProcess.Find("initdb", packaged) is { } initdb
            ? Path.GetDirectoryName(File.ResolveLinkTarget(initdb, returnFinalTarget: true)?.FullName ?? initdb)
            : null;
    }

    // PostgreSQL refuses to run as root.
    private Task<string> RunAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(_bin, program);
        return Environment.IsPrivilegedProcess
            ? ExternalProcess.RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments])
            : ExternalProcess.RunAsync(path, arguments);
    }
}
