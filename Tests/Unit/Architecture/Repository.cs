using System.Xml.Linq;

namespace InferMesh.Tests.Unit.Architecture;

/// <summary>The repository that this assembly was built in, as files.</summary>
internal static class Repository
{
    private static readonly HashSet<string> NotSources = new(StringComparer.Ordinal) { "bin", "obj", "artifacts", "TestResults", "node_modules" };

    /// <summary>Folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Reads a text file by its path under the root.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Paths under the root of all files with an extension, build output and hidden folders aside.</summary>
    public static IReadOnlyList<string> Files(string extension) =>
        [.. Walk(new DirectoryInfo(Root)).Where(f => f.Extension == extension).Select(f => Path.GetRelativePath(Root, f.FullName).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>All projects, by name.</summary>
    public static IReadOnlyDictionary<string, Project> Projects { get; } = Files(".csproj").Select(Project.Read).ToDictionary(p => p.Name, StringComparer.Ordinal);

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) =>
        folder.EnumerateFiles().Concat(folder.EnumerateDirectories().Where(d => !d.Name.StartsWith('.') && !NotSources.Contains(d.Name)).SelectMany(Walk));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "InferMesh.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException($"No InferMesh.sln above {AppContext.BaseDirectory}.");
    }
}

/// <summary>One project file.</summary>
/// <param name="Path">Path under the root.</param>
/// <param name="Document">Its content.</param>
internal sealed record Project(string Path, XDocument Document)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public bool IsTest => Path.StartsWith("Tests/", StringComparison.Ordinal);

    /// <summary>Names of the projects that it references.</summary>
    public IReadOnlyList<string> References => [.. Items("ProjectReference").Select(p => System.IO.Path.GetFileNameWithoutExtension(p.Replace('\\', '/')))];

    public IReadOnlyList<string> Packages => Items("PackageReference");

    /// <summary>What items of one kind include.</summary>
    public IReadOnlyList<string> Items(string kind) => [.. Elements(kind).Select(e => e.Attribute("Include")?.Value).OfType<string>()];

    public IEnumerable<XElement> Elements(string kind) => Document.Descendants().Where(e => e.Name.LocalName == kind);

    public static Project Read(string path) => new(path, XDocument.Parse(Repository.Read(path)));
}
