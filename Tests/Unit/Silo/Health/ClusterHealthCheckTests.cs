using System.Net;
using InferMesh.Silo.Health;
using InferMesh.Silo.Options;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace InferMesh.Tests.Unit.Silo.Health;

[TestClass]
public sealed class ClusterHealthCheckTests
{
    private static readonly SiloAddress s_self = SiloAddress.New(IPAddress.Loopback, 11111, 1);

    [TestMethod]
    [DataRow(SiloStatus.Joining)]
    [DataRow(SiloStatus.ShuttingDown)]
    public async Task Check_NotActive_IsUnhealthy(SiloStatus status) =>
        Assert.AreEqual(HealthStatus.Unhealthy, (await CheckAsync(status, ClusterProvider.Localhost, _ => throw new InvalidOperationException())).Status);

    [TestMethod]
    public async Task Check_ActiveOnLocalhost_DoesNotReadTheList() =>
        Assert.AreEqual(HealthStatus.Healthy, (await CheckAsync(SiloStatus.Active, ClusterProvider.Localhost, _ => throw new InvalidOperationException())).Status);

    [TestMethod]
    public async Task Check_ActiveInTheList_IsHealthy() =>
        Assert.AreEqual(HealthStatus.Healthy, (await CheckAsync(SiloStatus.Active, ClusterProvider.Redis, _ => List(SiloStatus.Active))).Status);

    [TestMethod]
    public async Task Check_VotedDeadInTheList_IsUnhealthy() =>
        Assert.AreEqual(HealthStatus.Unhealthy, (await CheckAsync(SiloStatus.Active, ClusterProvider.Redis, _ => List(SiloStatus.Dead))).Status);

    [TestMethod]
    public async Task Check_ListLost_IsUnhealthy() =>
        Assert.AreEqual(HealthStatus.Unhealthy, (await CheckAsync(SiloStatus.Active, ClusterProvider.Redis, _ => throw new InvalidOperationException("no version"))).Status);

    [TestMethod]
    public async Task Check_ListUnreachable_OnlyDegrades() =>
        Assert.AreEqual(HealthStatus.Degraded, (await CheckAsync(
            SiloStatus.Active, ClusterProvider.Redis, _ => throw new RedisConnectionException(ConnectionFailureType.UnableToConnect, "gone"))).Status);

    private static Task<HealthCheckResult> CheckAsync(SiloStatus status, ClusterProvider provider, Func<CancellationToken, MembershipTableData> read) =>
        new ClusterHealthCheck(new FakeOracle(status), new FakeTable(read), new ClusterSettings { Provider = provider })
            .CheckHealthAsync(new HealthCheckContext());

    private static MembershipTableData List(SiloStatus status) => new(
        Tuple.Create(new MembershipEntry { SiloAddress = s_self, Status = status }, "1"), new TableVersion(1, "1"));

    private sealed class FakeTable(Func<CancellationToken, MembershipTableData> read) : IMembershipTable
    {
        public Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken) => Task.FromResult(read(cancellationToken));

        public Task InitializeMembershipTable(bool tryInitTableVersion) => throw new NotSupportedException();

        public Task DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException();

        public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => throw new NotSupportedException();

        public Task<MembershipTableData> ReadRow(SiloAddress key) => throw new NotSupportedException();

        public Task<MembershipTableData> ReadAll() => throw new NotSupportedException();

        public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => throw new NotSupportedException();

        public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => throw new NotSupportedException();

        public Task UpdateIAmAlive(MembershipEntry entry) => throw new NotSupportedException();
    }

    private sealed class FakeOracle(SiloStatus status) : ISiloStatusOracle
    {
        public SiloStatus CurrentStatus => status;

        public string SiloName => "silo";

        public SiloAddress SiloAddress => s_self;

        public SiloAddress[] GetActiveSilos() => [s_self];

        public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) => status;

        public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => new() { [s_self] = status };

        public bool TryGetSiloName(SiloAddress siloAddress, out string siloName)
        {
            siloName = SiloName;
            return true;
        }

        public bool IsFunctionalDirectory(SiloAddress siloAddress) => true;

        public bool IsDeadSilo(SiloAddress silo) => false;

        public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer) => false;

        public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer) => false;
    }
}
