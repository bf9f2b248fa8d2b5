using InferMesh.AppHost.Tools;
using InferMesh.AppHost.Topology;

namespace InferMesh.AppHost.Stores;

/// <summary>Which Redis the local form uses.</summary>
/// <param name="Kind">Executable, Embedded or Connection.</param>
/// <param name="Program">The path of redis-server, with Executable.</param>
/// <param name="ConnectionString">With Connection.</param>
internal sealed record RedisChoice(SourceKind Kind, string? Program = null, string? ConnectionString = null)
{
    private const string Server = "redis-server";

    /// <summary>Chooses by what is installed; adds a line to the errors and returns null where the wish cannot be met.</summary>
    public static RedisChoice? Choose(StoreSource wish, IExecutables executables, ICollection<string> errors)
    {
        switch (wish.Kind)
        {
            case SourceKind.Connection:
                return new(SourceKind.Connection, ConnectionString: wish.ConnectionString);
            case SourceKind.Embedded:
                return new(SourceKind.Embedded);
            case SourceKind.Auto:
                return executables.Find(Server) is { } found ? new(SourceKind.Executable, found) : new(SourceKind.Embedded);
            case SourceKind.Executable:
                if (executables.Find(Server) is { } program) return new(SourceKind.Executable, program);
                errors.Add($"Mesh:Redis=executable: {Server} is not on PATH; install it, or use Mesh:Redis=embedded");
                return null;
            default:
                errors.Add("Mesh:Redis=container needs the Aspire form of this project (build with -p:UseAspire=true); the local form takes auto, executable, embedded or a connection string");
                return null;
        }
    }

    public override string ToString() => Kind switch
    {
        SourceKind.Executable => Server,
        SourceKind.Embedded => "embedded (Garnet)",
        _ => "by connection string",
    };
}
