using Microsoft.Extensions.Configuration;

namespace InferMesh.AppHost.Topology;

/// <summary>Reads Mesh:Redis and Mesh:Postgres, or their ConnectionStrings.</summary>
internal static class StoreSourceReader
{
    public static StoreSource Redis(IConfiguration configuration, ICollection<string> errors) => Read(
        configuration, "Redis", MeshTopology.Redis, [SourceKind.Auto, SourceKind.Container, SourceKind.Executable, SourceKind.Embedded],
        text => text.AsSpan().IndexOfAny(':', '=', '.') >= 0, "host:port[,options]", errors);

    public static StoreSource Postgres(IConfiguration configuration, ICollection<string> errors) => Read(
        configuration, "Postgres", MeshTopology.Database, [SourceKind.Auto, SourceKind.Container, SourceKind.Executable, SourceKind.None],
        text => text.Contains('='), "Host=...;Database=...", errors);

    private static StoreSource Read(
        IConfiguration configuration, string key, string connectionName, SourceKind[] words, Func<string, bool> isConnection, string shape, ICollection<string> errors)
    {
        var chosen = configuration[$"{MeshSettings.Section}:{key}"]?.Trim() ?? "";
        var connection = configuration.GetConnectionString(connectionName)?.Trim() ?? "";
        if (chosen.Length > 0 && connection.Length > 0)
        {
            errors.Add($"Mesh:{key} and ConnectionStrings:{connectionName} are both set: remove one");
            return StoreSource.Auto;
        }

        foreach (var word in words)
        {
            if (chosen.Equals(word.ToString(), StringComparison.OrdinalIgnoreCase)) return new(word);
        }

        var text = chosen.Length > 0 ? chosen : connection;
        if (text.Length == 0) return StoreSource.Auto;
        if (isConnection(text)) return new(SourceKind.Connection, text);
        // The value is not repeated: it may be a connection string of another form, with its password.
        var name = chosen.Length > 0 ? $"Mesh:{key}" : $"ConnectionStrings:{connectionName}";
        errors.Add($"{name}: use {string.Join(", ", words.Select(w => w.ToString().ToLowerInvariant()))} or a connection string ({shape})");
        return StoreSource.Auto;
    }
}
