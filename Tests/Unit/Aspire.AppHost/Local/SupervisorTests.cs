using InferMesh.AppHost.Local;
using InferMesh.AppHost.Local.Health;

namespace InferMesh.Tests.Unit.AppHost.Local;

[TestClass, DoNotParallelize]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class SupervisorTests : IDisposable
{
    private static readonly SupervisionOptions Fast = new()
    {
        Restart = new() { First = TimeSpan.FromMilliseconds(20), Longest = TimeSpan.FromMilliseconds(80) },
        HealthInterval = TimeSpan.FromMilliseconds(10),
        HealthLimit = TimeSpan.FromSeconds(60),
    };

    private readonly EventRecorder _events = new();
    private readonly StringWriter _console = new();
    private Supervisor _supervisor = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void Use() => Use(Fast);

    [TestCleanup]
    public async Task StopAll() => await _supervisor.StopAsync(new CancellationToken(canceled: true));

    public void Dispose()
    {
        _supervisor.Dispose();
        _console.Dispose();
    }

    private void Use(SupervisionOptions options) =>
        _supervisor = new(options, _events, s => new ProcessLog(s.Name, TextWriter.Null, _console, verbose: true, s.ReadyLine));

    private static ProcessSpec Sleeper(string name, IHealthCheck? health = null) => new(name, "sleep", ["600"]) { Health = health ?? AliveHealth.Instance };

    private static ProcessSpec Shell(string name, string script) => new(name, "sh", ["-c", script]);

    private Task StartAsync(params ProcessSpec[] tier) => _supervisor.StartTierAsync(tier, TestContext.CancellationToken);

    private static bool Runs(int pid) => ProcessIdentity.Of(pid) is not null;

    [TestMethod]
    public async Task StartTier_TwoProcesses_WaitsForTheHealthOfBoth()
    {
        var (first, second) = (new GateHealth(), new GateHealth());
        var started = StartAsync(Sleeper("a", first), Sleeper("b", second));
        await _events.WaitAsync("a", ProcessEventKind.Started);
        await _events.WaitAsync("b", ProcessEventKind.Started);

        first.Open();
        await _events.WaitAsync("a", ProcessEventKind.Healthy);
        Assert.IsFalse(started.IsCompleted);

        second.Open();
        await started;
        Assert.HasCount(2, _events.Of(ProcessEventKind.Healthy));
    }

    [TestMethod]
    public async Task StartTier_ProcessNeverHealthy_FailsWithItsLastLines()
    {
        Use(Fast with { HealthLimit = TimeSpan.FromMilliseconds(500) });

        var failure = await Assert.ThrowsExactlyAsync<ProcessFailedException>(() => StartAsync(Shell("a", "echo waiting for nothing; exec sleep 600") with { Health = new GateHealth() }));

        Assert.StartsWith("a was not healthy within", failure.Message);
        Assert.Contains("waiting for nothing", failure.Message);
    }

    [TestMethod]
    public async Task StartTier_ProcessKeepsExiting_FailsLongBeforeTheLimit()
    {
        var other = new GateHealth();

        var failure = await Assert.ThrowsExactlyAsync<ProcessFailedException>(() => StartAsync(
            Sleeper("b", other), Shell("a", "echo no such option >&2; exit 5") with { Health = new GateHealth() }));

        Assert.StartsWith("a exited with code 5 3 times", failure.Message);
        Assert.Contains("no such option", failure.Message);
    }

    [TestMethod]
    public async Task StartTier_NoSuchProgram_FailsAndNamesIt()
    {
        var failure = await Assert.ThrowsExactlyAsync<ProcessFailedException>(() => StartAsync(new ProcessSpec("a", "/nowhere/no-such-program", []) { Health = new GateHealth() }));

        Assert.Contains("/nowhere/no-such-program", failure.Message);
    }

    [TestMethod]
    public async Task Supervised_KeepsExiting_IsRestartedWithGrowingDelay()
    {
        await StartAsync(Shell("a", "exit 3"));

        var last = await _events.WaitAsync("a", ProcessEventKind.Exited, nth: 4);

        Assert.AreEqual("exited with code 3", last.Detail);
        Assert.AreSequenceEqual([20d, 40, 80, 80], _events.Of(ProcessEventKind.Exited).Take(4).Select(e => e.RestartIn!.Value.TotalMilliseconds));
    }

    [TestMethod]
    public async Task Supervised_KilledByHand_RunsAgainWithAnotherPid()
    {
        await StartAsync(Sleeper("a"));
        var first = await _events.WaitAsync("a", ProcessEventKind.Started);

        Assert.IsTrue(UnixSignals.Send(first.Pid, UnixSignal.Kill));
        var second = await _events.WaitAsync("a", ProcessEventKind.Healthy, nth: 2);

        Assert.AreNotEqual(first.Pid, second.Pid);
        Assert.AreEqual(second.Pid, Assert.ContainsSingle(_supervisor.Running).Pid);
        Assert.IsFalse(Runs(first.Pid));
    }

    [TestMethod]
    public async Task Stop_ThreeTiers_EndsThemInReverseAndTogetherWithinATier()
    {
        await StartAsync(Sleeper("store"));
        await StartAsync(Sleeper("silo-0"), Sleeper("silo-1"));
        await StartAsync(Sleeper("api"));
        var pids = _supervisor.Running.Select(p => p.Pid).ToList();

        await _supervisor.StopAsync(TestContext.CancellationToken);

        var stopped = _events.Of(ProcessEventKind.Stopped).Select(e => e.Process).ToList();
        Assert.AreSequenceEqual(["api", "silo-0", "silo-1", "store"], [stopped[0], .. stopped[1..3].Order(), stopped[3]]);
        Assert.IsFalse(pids.Any(Runs));
        Assert.IsEmpty(_events.Of(ProcessEventKind.Exited));
    }

    [TestMethod]
    public async Task Stop_ProcessIgnoresTheSignal_IsKilledWithItsChildrenAfterTheGrace()
    {
        Use(Fast with { StopGrace = TimeSpan.FromMilliseconds(300) });
        await StartAsync(Shell("a", "trap '' TERM; echo ready; while :; do sleep 600; done") with { ReadyLine = "ready", Health = ReadyLineHealth.Instance });
        var pid = (await _events.WaitAsync("a", ProcessEventKind.Started)).Pid;

        await _supervisor.StopAsync(TestContext.CancellationToken);

        await _events.WaitAsync("a", ProcessEventKind.Killed);
        Assert.IsFalse(Runs(pid));
    }

    [TestMethod]
    public async Task Stop_InAHurry_DoesNotWaitForTheGrace()
    {
        Use(Fast with { StopGrace = TimeSpan.FromHours(1) });
        await StartAsync(Shell("a", "trap '' TERM; echo ready; while :; do sleep 600; done") with { ReadyLine = "ready", Health = ReadyLineHealth.Instance });
        using var hurry = new CancellationTokenSource();

        var stopping = _supervisor.StopAsync(hurry.Token);
        await hurry.CancelAsync();
        await stopping.WaitAsync(TimeSpan.FromSeconds(60), TestContext.CancellationToken);

        await _events.WaitAsync("a", ProcessEventKind.Killed);
    }

    [TestMethod]
    public async Task Stop_BetweenTwoRuns_DoesNotWaitForTheRestart()
    {
        Use(Fast with { Restart = new() { First = TimeSpan.FromHours(1), Longest = TimeSpan.FromHours(1) } });
        await StartAsync(Shell("a", "exit 0"));
        await _events.WaitAsync("a", ProcessEventKind.Exited);

        await _supervisor.StopAsync(TestContext.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.CancellationToken);

        Assert.ContainsSingle(_events.Of(ProcessEventKind.Started));
    }

    [TestMethod]
    public async Task Stop_SignalOfTheSpec_IsTheOneSent()
    {
        await StartAsync(Shell("a", "trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.05; done") with
        {
            ReadyLine = "ready",
            Health = ReadyLineHealth.Instance,
            StopSignal = UnixSignal.Interrupt,
        });

        await _supervisor.StopAsync(TestContext.CancellationToken);

        Assert.Contains("[a] interrupted", _console.ToString());
        await _events.WaitAsync("a", ProcessEventKind.Stopped);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task Supervised_OnLinux_IsOutOfReachOfTheTerminal()
    {
        await StartAsync(Sleeper("a"));
        var pid = (await _events.WaitAsync("a", ProcessEventKind.Started)).Pid;
        // Healthy means started, not yet replaced by the program.
        while (!(await File.ReadAllTextAsync($"/proc/{pid}/cmdline", TestContext.CancellationToken)).StartsWith("sleep", StringComparison.Ordinal)) await Task.Yield();

        var fields = (await File.ReadAllTextAsync($"/proc/{pid}/stat", TestContext.CancellationToken)).Split(' ');
        Assert.AreEqual($"{pid}", fields[5], "the process leads its own session");
    }

    [TestMethod]
    public async Task Supervised_Environment_IsSetAndRemoved()
    {
        Environment.SetEnvironmentVariable("SUPERVISORTESTS_LEAK", "leaked");
        try
        {
            await StartAsync(Shell("a", "echo \"ready ${SUPERVISORTESTS_LEAK-gone} $SUPERVISORTESTS_OWN\"; exec sleep 600") with
            {
                Environment = new Dictionary<string, string?> { ["SUPERVISORTESTS_LEAK"] = null, ["SUPERVISORTESTS_OWN"] = "mine" },
                ReadyLine = "ready",
                Health = ReadyLineHealth.Instance,
            });
        }
        finally
        {
            Environment.SetEnvironmentVariable("SUPERVISORTESTS_LEAK", null);
        }

        Assert.Contains("[a] ready gone mine", _console.ToString());
    }
}
