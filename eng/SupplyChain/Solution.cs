using System.Text.Json;

namespace InferMesh.SupplyChain;

/// <summary>All projects of the solution and all packages that they restored, those of the console included.</summary>
/// <param name="Projects">The projects, by name.</param>
/// <param name="Packages">The packages, by name and version.</param>
internal sealed record Solution(IReadOnlyList<SolutionProject> Projects, IReadOnlyList<Package> Packages)
{
    // A project with two forms keeps each in a folder of its own; the local one is everywhere.
    private static readonly string[] s_outputs = ["obj", "obj/local"];

    private const string ConsoleProject = "Api";

    /// <summary>Reads what the last restore left under the root.</summary>
    /// <param name="root">Folder of the solution.</param>
    /// <returns>Projects and packages.</returns>
    /// <exception cref="InvalidOperationException">A project was not restored yet.</exception>
    public static Solution Read(string root)
    {
        var files = ProjectFiles(root).Select(project => (Project: project, Assets: AssetsOf(project))).ToList();
        if (files.Where(file => file.Assets is null).Select(file => file.Project).ToList() is { Count: > 0 } missing)
            throw new InvalidOperationException($"Not restored yet: {string.Join(", ", missing)}. Run: dotnet restore InferMesh.sln");

        List<SolutionProject> projects = [];
        Dictionary<string, Package> packages = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (project, assets) in files)
        {
            using var document = JsonDocument.Parse(File.ReadAllText(assets!));
            var read = new Assets(document.RootElement);
            projects.Add(read.Project(Path.GetFileNameWithoutExtension(project), Path.GetRelativePath(root, project).StartsWith("Tests", StringComparison.Ordinal)));
            foreach (var package in read.Packages())
                packages.TryAdd(package.Key, package);
        }

        // What is in the console's bundle is in the API; what bundles and tests it is not.
        var console = NpmLock.Read(Path.Combine(root, ConsoleProject, "Console", "web", "package-lock.json"));
        foreach (var (package, _) in console) packages.Add(package.Key, package);
        var api = projects.Single(project => project.Name == ConsoleProject);
        projects[projects.IndexOf(api)] = api with
        {
            Packages = [.. api.Packages, .. console.Where(p => !p.IsDev).Select(p => p.Package.Key)],
            BuildPackages = [.. api.BuildPackages, .. console.Where(p => p.IsDev).Select(p => p.Package.Key)],
        };

        var shipped = Shipped(projects, packages);
        return new(
            [.. projects.OrderBy(project => project.Name, StringComparer.Ordinal)],
            [.. packages.Values.Select(package => package with { Shipped = shipped.Contains(package.Key) }).OrderBy(package => package.Key, StringComparer.OrdinalIgnoreCase)]);
    }

    /// <summary>Project files under the root, build output and hidden folders aside.</summary>
    /// <param name="root">Folder of the solution.</param>
    /// <returns>Their paths.</returns>
    public static IEnumerable<string> ProjectFiles(string root) =>
        Directory.EnumerateFiles(root, "*.csproj").Concat(Directory.EnumerateDirectories(root)
            .Where(folder => Path.GetFileName(folder) is var name && !name.StartsWith('.') && name is not ("bin" or "obj" or "node_modules" or "artifacts"))
            .SelectMany(ProjectFiles));

    private static string? AssetsOf(string project) =>
        s_outputs.Select(folder => Path.Combine(Path.GetDirectoryName(project)!, folder, "project.assets.json")).FirstOrDefault(File.Exists);

    private static HashSet<string> Shipped(List<SolutionProject> projects, Dictionary<string, Package> packages)
    {
        var open = new Queue<string>(projects.Where(project => !project.IsTest).SelectMany(project => project.Packages));
        HashSet<string> found = new(StringComparer.OrdinalIgnoreCase);
        while (open.TryDequeue(out var key))
        {
            if (found.Add(key) && packages.TryGetValue(key, out var package))
                package.Dependencies.ToList().ForEach(open.Enqueue);
        }
        return found;
    }
}
