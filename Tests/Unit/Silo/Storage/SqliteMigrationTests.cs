using System.Data.Common;
using InferMesh.Silo.Storage.Migrations;
using InferMesh.Silo.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace InferMesh.Tests.Unit.Silo.Storage;

[TestClass]
public sealed class SqliteMigrationTests : MigrationContract
{
    internal override IReadOnlyList<Migration> Shipped => Migration.Embedded("sqlite");

    internal override IReadOnlyList<string> ShippedChecksums => ["1 grain state and reminders f380cfd96d86138cad56d0467cbcc2cc48d190d5f41473b43cf84216bbd3db10"];

    internal override Place NewPlace() => new SqlitePlace(Directory.CreateTempSubdirectory("infermesh-schema-").FullName);

    private sealed class SqlitePlace(string directory) : Place
    {
        private string FilePath => Path.Combine(directory, "mesh.db");

        public override Task<int> ApplyAsync(IReadOnlyList<Migration> migrations) => new SqliteDatabase(FilePath, migrations).ApplySchemaAsync(CancellationToken.None);

        public override ValueTask DisposeAsync()
        {
            SqliteConnection.ClearPool(new SqliteConnection(new SqliteDatabase(FilePath).ConnectionString));
            Directory.Delete(directory, recursive: true);
            return ValueTask.CompletedTask;
        }

        protected override Task<DbConnection> OpenAsync() => Task.FromResult<DbConnection>(new SqliteDatabase(FilePath).Open());
    }
}
