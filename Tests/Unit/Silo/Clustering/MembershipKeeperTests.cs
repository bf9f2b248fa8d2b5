using System.Net;
using InferMesh.Silo.Clustering;
using InferMesh.Silo.Options;
using InferMesh.Tests.Unit.Silo.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Silo.Clustering;

[TestClass]
public sealed class MembershipKeeperTests
{
    private static readonly SiloAddress s_self = SiloAddress.New(IPAddress.Loopback, 1, 1);
    private static readonly SiloAddress s_other = SiloAddress.New(IPAddress.Loopback, 2, 1);
    private static readonly SiloAddress s_dead = SiloAddress.New(IPAddress.Loopback, 3, 1);
    private static readonly SiloAddress s_new = SiloAddress.New(IPAddress.Loopback, 4, 1);

    private readonly FakeMembershipTable _table = new();

    public MembershipKeeperTests()
    {
        _table.Set(s_self, SiloStatus.Joining);
        _table.Set(s_other, SiloStatus.Active);
        _table.Set(s_dead, SiloStatus.Active);
        _table.Set(s_dead, SiloStatus.Dead);
        _table.Set(s_self, SiloStatus.Active);
    }

    [TestMethod]
    public async Task Look_ListLost_PutsRunningSilosBack_AboveTheKnownVersion()
    {
        using var keeper = Keeper(s_self);
        await keeper.LookAsync(default);
        var known = (await _table.ReadAll()).Version.Version;
        _table.Lose();
        await keeper.LookAsync(default);
        await AssertRestoredAsync(known);
    }

    [TestMethod]
    public async Task Look_ListLost_AndANewSiloHasJoinedTheEmptyOne_KeepsBoth()
    {
        using var keeper = Keeper(s_self);
        await keeper.LookAsync(default);
        var known = (await _table.ReadAll()).Version.Version;
        _table.Lose();
        await _table.InitializeMembershipTable(true);
        _table.Set(s_new, SiloStatus.Active);
        await keeper.LookAsync(default);
        await AssertRestoredAsync(known);
        Assert.IsNotNull((await _table.ReadAll()).TryGet(s_new));
    }

    [TestMethod]
    public async Task Look_ListLost_AndASiloHasJoinedItUntilItsVersionWasAsHigh_PutsRunningSilosBack()
    {
        using var keeper = Keeper(s_self);
        await keeper.LookAsync(default);
        var known = (await _table.ReadAll()).Version.Version;
        _table.Lose();
        await _table.InitializeMembershipTable(true);
        while ((await _table.ReadAll()).Version.Version <= known) _table.Set(s_new, SiloStatus.Active);
        await keeper.LookAsync(default);
        await AssertRestoredAsync(known);
    }

    [TestMethod]
    public async Task Look_ListLost_AndASiloWasStartedAgainMeanwhile_ItsFormerLifeIsDead()
    {
        using var keeper = Keeper(s_self);
        await keeper.LookAsync(default);
        _table.Lose();
        await _table.InitializeMembershipTable(true);
        var again = SiloAddress.New(IPAddress.Loopback, 2, 2);
        _table.Set(again, SiloStatus.Active);
        await keeper.LookAsync(default);
        var list = await _table.ReadAll();
        Assert.AreEqual((SiloStatus.Active, SiloStatus.Dead, SiloStatus.Active), (list.TryGet(s_self)!.Item1.Status, list.TryGet(s_other)!.Item1.Status, list.TryGet(again)!.Item1.Status));
    }

    [TestMethod]
    public async Task Look_AnotherSiloRestoresAtTheSameTime_BothEndWithTheSameList()
    {
        using var keeper = Keeper(s_self);
        using var other = Keeper(s_other);
        await keeper.LookAsync(default);
        await other.LookAsync(default);
        var known = (await _table.ReadAll()).Version.Version;
        _table.Lose();
        var isFirst = true;
        _table.BeforeWrite = () =>
        {
            if (!isFirst) return;
            isFirst = false;
            other.LookAsync(default).GetAwaiter().GetResult();
        };
        await keeper.LookAsync(default);
        await AssertRestoredAsync(known);
    }

    [TestMethod]
    public async Task Look_BeforeThisSiloHasJoined_OrWithAListThatGrows_WritesNothing()
    {
        _table.BeforeWrite = static () => Assert.Fail("nothing is to be written");
        using var keeper = Keeper(s_self);
        await keeper.LookAsync(default);
        _table.Set(s_new, SiloStatus.Active);
        await keeper.LookAsync(default);
        using var joining = Keeper(SiloAddress.New(IPAddress.Loopback, 9, 1));
        await joining.LookAsync(default);
        _table.Lose();
        await joining.LookAsync(default);
    }

    private async Task AssertRestoredAsync(int known)
    {
        var list = await _table.ReadAll();
        Assert.IsGreaterThan(known, list.Version.Version);
        foreach (var silo in new[] { s_self, s_other }) Assert.AreEqual(SiloStatus.Active, list.TryGet(silo)?.Item1.Status, $"{silo}");
        Assert.AreEqual(30000, list.TryGet(s_other)!.Item1.ProxyPort);
        Assert.IsNull(list.TryGet(s_dead), "the dead stay away");
    }

    private MembershipKeeper Keeper(SiloAddress self) => new(new FakeSiloDetails(self), _table, new ClusterSettings(), TimeProvider.System, NullLogger<MembershipKeeper>.Instance);
}
