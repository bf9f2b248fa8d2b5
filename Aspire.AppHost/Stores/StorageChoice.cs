using InferMesh.AppHost.Tools;
using InferMesh.AppHost.Topology;

namespace InferMesh.AppHost.Stores;

/// <summary>Where the local form keeps grain state.</summary>
/// <param name="Kind">None (SQLite), Executable or Connection.</param>
/// <param name="Programs">PostgreSQL's server programs, with Executable.</param>
/// <param name="ConnectionString">With Connection.</param>
internal sealed record StorageChoice(SourceKind Kind, PostgresPrograms? Programs = null, string? ConnectionString = null)
{
    /// <summary>Chooses by what is installed; adds a line to the errors and returns null where the wish cannot be met.</summary>
    public static StorageChoice? Choose(StoreSource wish, IExecutables executables, ICollection<string> errors)
    {
        switch (wish.Kind)
        {
            case SourceKind.Connection:
                return new(SourceKind.Connection, ConnectionString: wish.ConnectionString);
            case SourceKind.Auto or SourceKind.None:
                return new(SourceKind.None);
            case SourceKind.Executable:
                if (PostgresPrograms.Find(executables) is { } programs) return new(SourceKind.Executable, programs);
                errors.Add("Mesh:Postgres=executable: initdb and postgres are neither in /usr/lib/postgresql/*/bin nor on PATH; install PostgreSQL, or use Mesh:Postgres=none (SQLite)");
                return null;
            default:
                errors.Add("Mesh:Postgres=container needs the Aspire form of this project (build with -p:UseAspire=true); the local form takes executable, none or a connection string");
                return null;
        }
    }

    public override string ToString() => Kind switch
    {
        SourceKind.Executable => "PostgreSQL (local programs)",
        SourceKind.Connection => "PostgreSQL (by connection string)",
        _ => "SQLite",
    };
}
