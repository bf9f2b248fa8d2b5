using System.Text.Json;

namespace InferMesh.SupplyChain;

/// <summary>One <c>project.assets.json</c>: what NuGet decided for one project.</summary>
internal sealed class Assets(JsonElement root)
{
    // One framework and no runtime identifier: one target.
    private readonly JsonElement _target = root.GetProperty("targets").EnumerateObject().First().Value;
    private readonly JsonElement _libraries = root.GetProperty("libraries");

    public SolutionProject Project(string name, bool isTest)
    {
        var asked = root.GetProperty("project").GetProperty("frameworks").EnumerateObject().First().Value is var framework && framework.TryGetProperty("dependencies", out var dependencies)
            ? dependencies.EnumerateObject().ToList()
            : [];
        var references = _libraries.EnumerateObject().Where(library => Text(library.Value, "type") == "project").Select(library => Path.GetFileNameWithoutExtension(Text(library.Value, "path")!.Replace('\\', '/')));
        return new(
            name,
            isTest,
            [.. references.Order(StringComparer.Ordinal)],
            [.. asked.Where(dependency => !IsBuildOnly(dependency)).Select(dependency => Resolved(dependency.Name)).OfType<string>()],
            [.. asked.Where(IsBuildOnly).Select(dependency => Resolved(dependency.Name)).OfType<string>()]);
    }

    public IEnumerable<Package> Packages()
    {
        var folders = root.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name).ToList();
        foreach (var library in _libraries.EnumerateObject().Where(library => Text(library.Value, "type") == "package"))
        {
            var path = Text(library.Value, "path")!;
            var folder = folders.Select(root => Path.Combine(root, path)).FirstOrDefault(Directory.Exists)
                ?? throw new InvalidOperationException($"{library.Name} is not in the package folder any more. Run: dotnet restore InferMesh.sln --force");
            var parts = library.Name.Split('/');
            yield return new(parts[0], parts[1], Hash(folder, Text(library.Value, "sha512")!), [.. DependenciesOf(library.Name)], Nuspec.Read(folder));
        }
    }

    private static bool IsBuildOnly(JsonProperty dependency) => Text(dependency.Value, "suppressParent") == "All";

    private IEnumerable<string> DependenciesOf(string key) =>
        _target.TryGetProperty(key, out var library) && library.TryGetProperty("dependencies", out var dependencies)
            ? dependencies.EnumerateObject().Select(dependency => Resolved(dependency.Name)).OfType<string>()
            : [];

    // The version that won, whatever was asked for; null for what the framework itself brings.
    private string? Resolved(string id) =>
        _target.EnumerateObject().Select(library => library.Name).FirstOrDefault(name => name.StartsWith(id + "/", StringComparison.OrdinalIgnoreCase) && Text(_libraries.GetProperty(name), "type") == "package");

    // Hash of the file where it was kept: what others can compare with; else that of its content, as in lock files.
    private static string Hash(string folder, string content)
    {
        var file = Directory.EnumerateFiles(folder, "*.nupkg.sha512").FirstOrDefault();
        return Convert.ToHexStringLower(Convert.FromBase64String(file is null ? content : File.ReadAllText(file).Trim()));
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
