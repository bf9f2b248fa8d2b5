using System.Text.Json;

namespace InferMesh.SupplyChain;

/// <summary>A <c>package-lock.json</c> of version 3: what npm decided for a folder of sources.</summary>
internal static class NpmLock
{
    private const string Folder = "node_modules/";
    private const string Sha512 = "sha512-";

    /// <summary>All packages; binaries of single platforms aside, which are parts of others.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The packages, and whether each is for the build and the tests only.</returns>
    public static IReadOnlyList<(Package Package, bool IsDev)> Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        var entries = document.RootElement.GetProperty("packages").EnumerateObject().Where(entry => entry.Name.StartsWith(Folder, StringComparison.Ordinal) && !Flag(entry.Value, "optional"))
            .ToDictionary(entry => entry.Name[Folder.Length..], entry => entry.Value);
        return [.. entries.Select(entry => (Of(entry.Key, entry.Value, entries), Flag(entry.Value, "dev")))];
    }

    private static Package Of(string name, JsonElement entry, Dictionary<string, JsonElement> all)
    {
        var integrity = Text(entry, "integrity")!;
        if (!integrity.StartsWith(Sha512, StringComparison.Ordinal)) throw new InvalidOperationException($"{name} has no SHA-512 in its lock file.");
        var dependencies = entry.TryGetProperty("dependencies", out var names) ? names.EnumerateObject().Select(d => d.Name).Where(all.ContainsKey).Select(d => $"{d}/{Text(all[d], "version")}") : [];
        return new(name, Text(entry, "version")!, Convert.ToHexStringLower(Convert.FromBase64String(integrity[Sha512.Length..])), [.. dependencies], new(Text(entry, "license"), null)) { Registry = "npm" };
    }

    private static bool Flag(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) && value.GetBoolean();

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;
}
