namespace InferMesh.AppHost.Topology;

/// <summary>Where a backing service comes from.</summary>
internal enum SourceKind
{
    Auto,
    Container,
    Executable,
    Embedded,
    None,
    Connection,
}

/// <summary>The asked-for source of Redis or PostgreSQL.</summary>
/// <param name="Kind">What the user chose.</param>
/// <param name="ConnectionString">Only with <see cref="SourceKind.Connection"/>.</param>
internal sealed record StoreSource(SourceKind Kind, string? ConnectionString = null)
{
    public static StoreSource Auto { get; } = new(SourceKind.Auto);

    // A connection string may hold a password, and a record prints all it has.
    public override string ToString() => Kind.ToString();
}
