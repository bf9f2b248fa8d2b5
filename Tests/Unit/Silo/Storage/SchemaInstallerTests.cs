using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Options;
using InferMesh.Silo.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Silo.Storage;

[TestClass]
public sealed class SchemaInstallerTests
{
    private const int Busy = 5;
    private const int Corrupt = 11;

    [TestMethod]
    public async Task Check_DatabaseBusyAtFirst_WaitsForIt()
    {
        var database = new FakeDatabase(Busy, Busy);

        await Installer(database, TimeSpan.FromMinutes(1)).CheckAsync(CancellationToken.None);

        Assert.AreEqual(3, database.Calls);
    }

    [TestMethod]
    public async Task Check_Twice_AppliesOnce()
    {
        var database = new FakeDatabase();
        var installer = Installer(database, TimeSpan.Zero);

        await installer.CheckAsync(CancellationToken.None);
        await installer.CheckAsync(CancellationToken.None);

        Assert.AreEqual(1, database.Calls);
    }

    [TestMethod]
    public async Task Check_BusyBeyondTheTimeout_SaysSo()
    {
        var e = await Assert.ThrowsExactlyAsync<StartupException>(() => Installer(new FakeDatabase(Busy), TimeSpan.Zero).CheckAsync(CancellationToken.None));

        Assert.Contains("fake database", e.Message);
        Assert.AreEqual(ExitCodes.Failed, e.ExitCode);
    }

    [TestMethod]
    public async Task Check_DatabaseDamaged_DoesNotWait()
    {
        var database = new FakeDatabase(Corrupt);

        await Assert.ThrowsExactlyAsync<StartupException>(() => Installer(database, TimeSpan.FromMinutes(1)).CheckAsync(CancellationToken.None));

        Assert.AreEqual(1, database.Calls);
    }

    private static SchemaInstaller Installer(FakeDatabase database, TimeSpan timeout) =>
        new(database, new StorageSettings { StartTimeout = timeout }, new EagerTime(), NullLogger<SchemaInstaller>.Instance);

    private sealed class FakeDatabase(params int[] errors) : IMeshDatabase
    {
        public int Calls { get; private set; }

        public string Description => "fake database";

        public Task<int> ApplySchemaAsync(CancellationToken cancellationToken) =>
            Calls++ < errors.Length ? throw new SqliteException("no", errors[Calls - 1]) : Task.FromResult(1);

        public Task ProbeAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Its timers fire at once, so that no test waits.</summary>
    private sealed class EagerTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
