namespace InferMesh.Cli.Operator;

/// <summary>Kinds of objects, those first that others may refer to: in this order they go to the mesh.</summary>
internal static class ObjectKinds
{
    public static readonly string[] All = ["Tenant", "Node", "Model", "Policy", "Endpoint", "Experiment", "Job"];

    /// <summary>The same with what is in backups alone.</summary>
    public static readonly string[] Saved = ["PluginPackage", "Plugin", .. All, "KeyRing"];

    /// <summary>Place in the order; what is no kind comes last, and is for the API to refuse.</summary>
    public static int OrderOf(string kind) => Saved.Index().FirstOrDefault(known => known.Item.Equals(kind, StringComparison.OrdinalIgnoreCase), (Index: Saved.Length, Item: "")).Index;

    /// <summary>A kind as the API writes it.</summary>
    /// <exception cref="UsageException">There is no such kind.</exception>
    public static string Known(string kind, string option, string[]? kinds = null) => (kinds ?? All).FirstOrDefault(known => known.Equals(kind, StringComparison.OrdinalIgnoreCase))
        ?? throw new UsageException($"{option} must be one of {string.Join(", ", kinds ?? All)}, not '{kind}'");
}
