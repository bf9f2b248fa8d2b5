using System.Data.Common;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Storage.Migrations;

namespace InferMesh.Tests.Unit.Silo.Storage;

/// <summary>What the schema goes through on either database, real ones both.</summary>
public abstract class MigrationContract
{
    private static readonly Migration First = new(1, "things", "create table if not exists thing (id integer not null primary key); insert into thing (id) values (1) on conflict do nothing;");
    private static readonly Migration Second = new(2, "names", "alter table thing add column name text; insert into thing (id, name) values (2, 'two');");
    private static readonly Migration Broken = new(3, "broken", "create table half (id integer); insert into nowhere values (1);");

    /// <summary>An empty database of the test's own.</summary>
    internal abstract Place NewPlace();

    /// <summary>The scripts that ship.</summary>
    internal abstract IReadOnlyList<Migration> Shipped { get; }

    /// <summary>What they were when they first shipped.</summary>
    internal abstract IReadOnlyList<string> ShippedChecksums { get; }

    [TestMethod]
    public async Task Apply_EmptyDatabase_HasAllVersionsAndSaysWhen()
    {
        await using var place = NewPlace();

        Assert.AreEqual(2, await place.ApplyAsync([First, Second]));

        CollectionAssert.AreEqual(new[] { $"1 things {First.Checksum}", $"2 names {Second.Checksum}" }, await place.QueryAsync("select version, name, checksum from schema_migration order by version"));
        CollectionAssert.AreEqual(new[] { "2" }, await place.QueryAsync("select count(*) from schema_migration where applied_at like '20__-__-__ %'"));
        CollectionAssert.AreEqual(new[] { "1 ", "2 two" }, await place.QueryAsync("select id, name from thing order by id"));
    }

    [TestMethod]
    public async Task Apply_Again_ChangesNothing()
    {
        await using var place = NewPlace();
        await place.ApplyAsync([First, Second]);
        var before = await place.QueryAsync("select version, applied_at from schema_migration order by version");

        Assert.AreEqual(2, await place.ApplyAsync([First, Second]));

        CollectionAssert.AreEqual(before, await place.QueryAsync("select version, applied_at from schema_migration order by version"));
    }

    [TestMethod]
    public async Task Apply_OlderDatabase_GoesForwardAndKeepsItsRows()
    {
        await using var place = NewPlace();
        await place.ApplyAsync([First]);
        await place.ExecuteAsync("insert into thing (id) values (7)");

        Assert.AreEqual(2, await place.ApplyAsync([First, Second]));

        CollectionAssert.AreEqual(new[] { "1 ", "2 two", "7 " }, await place.QueryAsync("select id, name from thing order by id"));
    }

    [TestMethod]
    public async Task Apply_DatabaseFromBeforeVersions_IsTakenOverWithItsRows()
    {
        await using var place = NewPlace();
        await place.ExecuteAsync(Shipped[0].Sql);
        await place.ExecuteAsync("insert into grain_state (service_id, state_name, grain_id, payload, version) values ('s', 'policy', 'policy/p', '\\x01', 5)");

        Assert.AreEqual(Shipped.Count, await place.ApplyAsync(Shipped));

        CollectionAssert.AreEqual(new[] { "policy/p 5" }, await place.QueryAsync("select grain_id, version from grain_state"));
        CollectionAssert.AreEqual(Shipped.Select(static m => $"{m.Version} {m.Checksum}").ToArray(), await place.QueryAsync("select version, checksum from schema_migration order by version"));
    }

    [TestMethod]
    public async Task Apply_EightSilosAtOnce_EachVersionIsAppliedOnce()
    {
        await using var place = NewPlace();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => place.ApplyAsync([First, Second]))));

        CollectionAssert.AreEqual(new[] { "1", "2" }, await place.QueryAsync("select version from schema_migration order by version"));
    }

    [TestMethod]
    public async Task Apply_NewerThanTheSilo_IsRefusedAndLeftAlone()
    {
        await using var place = NewPlace();
        await place.ApplyAsync([First, Second]);

        var e = await Assert.ThrowsExactlyAsync<StartupException>(() => place.ApplyAsync([First]));

        Assert.AreEqual(ExitCodes.BadConfiguration, e.ExitCode);
        Assert.Contains("version 2 (names)", e.Message);
        Assert.Contains("up to 1", e.Message);
        CollectionAssert.AreEqual(new[] { "1", "2" }, await place.QueryAsync("select version from schema_migration order by version"));
    }

    [TestMethod]
    public async Task Apply_ScriptChangedSinceItWasApplied_IsRefused()
    {
        await using var place = NewPlace();
        await place.ApplyAsync([First]);

        var e = await Assert.ThrowsExactlyAsync<StartupException>(() => place.ApplyAsync([First with { Sql = First.Sql + " " }, Second]));

        Assert.AreEqual(ExitCodes.BadConfiguration, e.ExitCode);
        Assert.Contains("another content", e.Message);
        CollectionAssert.AreEqual(new[] { "1" }, await place.QueryAsync("select version from schema_migration order by version"));
    }

    [TestMethod]
    public async Task Apply_AppliedVersionIsMissing_IsRefused()
    {
        await using var place = NewPlace();
        await place.ApplyAsync([First, Second]);
        await place.ExecuteAsync("delete from schema_migration where version = 1");

        var e = await Assert.ThrowsExactlyAsync<StartupException>(() => place.ApplyAsync([First, Second]));

        Assert.Contains("migration 1 is missing", e.Message);
    }

    [TestMethod]
    public async Task Apply_ScriptFailsHalfway_LeavesTheSchemaAsItWas()
    {
        await using var place = NewPlace();
        await place.ApplyAsync([First]);

        var e = await Assert.ThrowsExactlyAsync<StartupException>(() => place.ApplyAsync([First, Second, Broken]));

        Assert.AreEqual(ExitCodes.Failed, e.ExitCode);
        Assert.Contains("migration 3 (broken)", e.Message);
        CollectionAssert.AreEqual(new[] { "1" }, await place.QueryAsync("select version from schema_migration order by version"));
        CollectionAssert.AreEqual(new[] { "1" }, await place.QueryAsync("select id from thing"));
        await Assert.ThrowsAsync<DbException>(() => place.QueryAsync("select name from thing"));
        await Assert.ThrowsAsync<DbException>(() => place.QueryAsync("select id from half"));
        Assert.AreEqual(2, await place.ApplyAsync([First, Second]));
    }

    [TestMethod]
    public void Shipped_Scripts_AreWhatTheyWereWhenTheyWereFirstApplied() =>
        CollectionAssert.AreEqual(ShippedChecksums.ToArray(), Shipped.Select(static m => $"{m.Version} {m.Name} {m.Checksum}").ToArray(), "a script is never changed: add one with the next number");

    [TestMethod]
    public void Checksum_OtherLineEndings_IsTheSame() =>
        Assert.AreEqual(new Migration(1, "", "a;\nb;").Checksum, new Migration(1, "", "a;\r\nb;").Checksum);

    /// <summary>A database and ways to look into it.</summary>
    internal abstract class Place : IAsyncDisposable
    {
        public abstract Task<int> ApplyAsync(IReadOnlyList<Migration> migrations);

        public async Task ExecuteAsync(string sql)
        {
            await using var connection = await OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }

        public async Task<string[]> QueryAsync(string sql)
        {
            await using var connection = await OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<string>();
            while (await reader.ReadAsync()) rows.Add(string.Join(" ", Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))));
            return [.. rows];
        }

        public abstract ValueTask DisposeAsync();

        protected abstract Task<DbConnection> OpenAsync();
    }
}
