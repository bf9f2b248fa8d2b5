using System.Net;
using InferMesh.Silo.Clustering;
using InferMesh.Silo.Options;
using InferMesh.Tests.Unit.Adapters.Probing;
using InferMesh.Tests.Unit.Silo.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Silo.Clustering;

[TestClass]
public sealed class StallGuardTests : IDisposable
{
    private static readonly SiloAddress s_self = SiloAddress.New(IPAddress.Loopback, 1, 1);
    private static readonly ClusterSettings s_settings = new();

    private readonly SteppedTime _time = new();
    private readonly FakeMembershipTable _table = new();
    private readonly StallGuard _guard;

    public StallGuardTests()
    {
        _table.Set(s_self, SiloStatus.Active);
        _guard = new(new FakeSiloDetails(s_self), _table, s_settings, _time, NullLogger<StallGuard>.Instance);
    }

    public void Dispose() => _guard.Dispose();

    [TestMethod]
    public void Look_ProcessRuns_LetsIn()
    {
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.IsNull(_guard.Look());
        }
        Assert.AreEqual(0, _table.Reads);
    }

    [TestMethod]
    public async Task Look_ProcessStoodStill_LetsInWhenTheListSaysMember_AndNoSooner()
    {
        var asking = Stall();
        Assert.IsNotNull(asking);
        _time.Advance(s_settings.ProbeTimeout / 2);
        Assert.AreEqual(0, _table.Reads, "others may still be about to declare it dead");
        await UntilAsync(asking);
        Assert.AreEqual(1, _table.Reads);
        Assert.IsNull(_guard.Look());
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Look_ListSaysDead_OrDoesNotAnswer_StaysShut(bool dead)
    {
        if (dead) _table.Set(s_self, SiloStatus.Dead);
        else _table.IsDown = true;
        var asking = Stall();
        Assert.IsNotNull(asking);
        for (var i = 0; i < 50; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            Assert.IsNotNull(_guard.Look());
        }
        Assert.IsFalse(asking.IsCompleted);
        Assert.IsNotNull(_guard.Look());

        _table.Set(s_self, SiloStatus.Active);
        _table.IsDown = false;
        await UntilAsync(asking);
        Assert.IsNull(_guard.Look());
    }

    // As after SIGCONT: the clock is ahead when the first timer fires.
    private Task? Stall()
    {
        _time.Advance(TimeSpan.FromSeconds(3));
        return _guard.Look();
    }

    private async Task UntilAsync(Task asking)
    {
        await _time.AdvanceUntilAsync(() => _guard.Look() is null || asking.IsCompleted, TimeSpan.FromMilliseconds(50));
        await asking;
    }
}
