namespace InferMesh.AppHost.Local;

/// <summary>The variables of the AppHost itself that its children must not see.</summary>
internal static class InheritedEnvironment
{
    // What the tools set for the AppHost (its own URLs and environment), and settings of Orleans that are ours to give.
    private static readonly string[] Prefixes = ["ASPNETCORE_", "DOTNET_URLS", "DOTNET_LAUNCH_PROFILE", "HTTP_PORTS", "HTTPS_PORTS", "URLS", "Orleans__", "Mesh__", "ConnectionStrings__redis", "ConnectionStrings__meshdb"];

    /// <summary>The child's own variables, and null for each inherited one that is to be removed.</summary>
    public static IReadOnlyDictionary<string, string?> Replace(IEnumerable<string> inherited, IReadOnlyDictionary<string, string> own)
    {
        var environment = new Dictionary<string, string?>();
        foreach (var name in inherited.Where(n => Prefixes.Any(p => n.StartsWith(p, StringComparison.OrdinalIgnoreCase)))) environment[name] = null;
        foreach (var (name, value) in own) environment[name] = value;
        return environment;
    }
}
