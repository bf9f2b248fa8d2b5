using System.Data.Common;
using InferMesh.Silo.Storage.Migrations;
using InferMesh.Silo.Storage.Postgres;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.Unit.Silo.Storage;

[TestClass]
public sealed class PostgresMigrationTests : MigrationContract
{
    private static PostgresFixture? s_server;

    [ClassInitialize]
    public static async Task StartServer(TestContext _) => s_server = await PostgresFixture.StartAsync();

    [ClassCleanup]
    public static async Task StopServer()
    {
        if (s_server is not null)
            await s_server.DisposeAsync();
    }

    internal override IReadOnlyList<Migration> Shipped => Migration.Embedded("postgres");

    internal override IReadOnlyList<string> ShippedChecksums => ["1 grain state and reminders e81c90fd51063640fb0fe2cc531c9b574531b8775f86c0ce40ba6f549c8bd552"];

    internal override Place NewPlace() => new PostgresPlace($"{s_server!.ConnectionString};Search Path=mesh_{Guid.NewGuid():N}");

    private sealed class PostgresPlace(string connectionString) : Place
    {
        private readonly PostgresDatabase _look = new(connectionString);

        public override async Task<int> ApplyAsync(IReadOnlyList<Migration> migrations)
        {
            await using var database = new PostgresDatabase(connectionString, migrations);
            return await database.ApplySchemaAsync(CancellationToken.None);
        }

        public override ValueTask DisposeAsync() => _look.DisposeAsync();

        protected override async Task<DbConnection> OpenAsync()
        {
            var schema = connectionString.Split("Search Path=")[1];
            await using (var create = _look.Source.CreateCommand($"create schema if not exists {schema}")) await create.ExecuteNonQueryAsync();
            return await _look.Source.OpenConnectionAsync();
        }
    }
}
