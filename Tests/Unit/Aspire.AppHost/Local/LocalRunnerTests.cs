using System.Net;
using System.Net.Sockets;
using InferMesh.AppHost;
using InferMesh.AppHost.Local;
using InferMesh.AppHost.Topology;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class LocalRunnerTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly SignallingWriter _out = new();
    private readonly SignallingWriter _error = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly MeshTopology _mesh;

    public LocalRunnerTests()
    {
        var ports = new PortFinder();
        _mesh = new()
        {
            ClusterId = "c",
            DataDirectory = _directory.File("data"),
            ApiPort = ports.Next(),
            GrpcPort = ports.Next(),
            RedisSource = new(SourceKind.Embedded),
            PostgresSource = new(SourceKind.None),
        };
    }

    public TestContext TestContext { get; set; } = null!;

    public void Dispose()
    {
        _stop.Dispose();
        _out.Dispose();
        _error.Dispose();
        _directory.Dispose();
    }

    private Task<int> RunAsync(MeshTopology mesh, FakeMesh? fake = null) =>
        new LocalRunner(mesh, new(new FakeExecutables(), fake ?? FakeMesh.Write(_directory), _out, _error)).RunAsync(_stop.Token, CancellationToken.None);

    private static bool Runs(int pid) => ProcessIdentity.Of(pid) is not null;

    [TestMethod]
    public async Task Run_WholeMesh_ComesUpInOrderAndLeavesNothingBehind()
    {
        var running = RunAsync(_mesh);
        var table = await _out.WaitForAsync("Stop     Ctrl+C");
        var started = table.Split('\n').Where(l => l.Contains("] healthy")).Select(l => l[1..l.IndexOf(']')]).ToList();
        var pids = Directory.GetFiles(_directory.File("data/run")).Select(f => int.Parse(File.ReadLines(f).First(), System.Globalization.CultureInfo.InvariantCulture)).ToList();

        await _stop.CancelAsync();

        Assert.AreEqual(0, await running);
        Assert.AreSequenceEqual(["redis", "silo-0", "silo-1", "api", "fleet", "trainer-0", "trainer-1"], [started[0], .. started[1..3].Order(), .. started[3..5], .. started[5..].Order()]);
        Assert.HasCount(7, pids);
        Assert.IsFalse(pids.Any(Runs));
        Assert.IsEmpty(Directory.GetFiles(_directory.File("data/run")));
        Assert.Contains("fleet ready: fleet --nodes 8 --cells 2 --seed 1 --base-port 18000 --admin-port 17999 --report " + _mesh.GrpcAddress, await File.ReadAllTextAsync(_directory.File("data/logs/fleet.log"), TestContext.CancellationToken));
    }

    [TestMethod]
    public async Task Run_SiloKilled_IsBackOnItsPort()
    {
        var running = RunAsync(_mesh with { FleetPlan = null, TrainerPlan = null });
        var pid = FakeMesh.SiloPids(await _out.WaitForAsync("Stop     Ctrl+C"))[0];

        UnixSignals.Send(pid, UnixSignal.Kill);
        await _out.WaitForAsync("[silo-0] exited with code 137; starting again in 1 s");
        await _out.WaitForAsync("[silo-0] healthy", times: 2);

        await _stop.CancelAsync();
        Assert.AreEqual(0, await running);
        var log = await File.ReadAllLinesAsync(_directory.File("data/logs/silo-0.log"), TestContext.CancellationToken);
        Assert.HasCount(2, log);
        Assert.AreEqual(log[0], log[1], "the second run has the same address");
    }

    [TestMethod]
    public async Task Run_PortsTaken_RefusesAndNamesEachSetting()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;

        Assert.AreEqual(2, await RunAsync(_mesh with { ApiPort = taken, RedisSource = new(SourceKind.Executable) }));

        var lines = _error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.HasCount(2, lines);
        Assert.StartsWith("Mesh:Redis=executable: redis-server is not on PATH", lines[0]);
        Assert.AreEqual($"Port {taken} on 127.0.0.1 is taken: stop what listens there, or choose another with --Mesh:ApiPort=...", lines[1]);
    }

    [TestMethod]
    public async Task Run_DataDirectoryInUse_IsRefused()
    {
        using var other = DataDirectoryLock.Take(_mesh.DataDirectory).Lock;

        Assert.AreEqual(2, await RunAsync(_mesh));
        Assert.Contains("is in use by another AppHost", _error.ToString());
    }

    [TestMethod]
    public async Task Run_StoppedWhileStarting_EndsCleanly()
    {
        var running = RunAsync(_mesh);
        await _out.WaitForAsync("[redis] healthy");

        await _stop.CancelAsync();

        Assert.AreEqual(0, await running);
        Assert.DoesNotContain("Stop     Ctrl+C", _out.ToString());
        Assert.IsEmpty(_error.ToString());
    }
}
