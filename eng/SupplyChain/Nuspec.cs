using System.Xml.Linq;

namespace InferMesh.SupplyChain;

/// <summary>What a package says of itself.</summary>
/// <param name="LicenceExpression">SPDX expression; null when the package has a file, an address or nothing instead.</param>
/// <param name="Repository">Address of its sources; null when it tells none.</param>
internal sealed record Nuspec(string? LicenceExpression, string? Repository)
{
    /// <summary>Reads the nuspec in a package's folder.</summary>
    /// <param name="folder">The folder that the package was unpacked to.</param>
    /// <returns>What it says.</returns>
    public static Nuspec Read(string folder)
    {
        // Namespaces differ by the age of the package.
        var metadata = XDocument.Load(Directory.GetFiles(folder, "*.nuspec").Single()).Root!.Elements().Single(e => e.Name.LocalName == "metadata").Elements().ToList();
        var licence = metadata.SingleOrDefault(e => e.Name.LocalName == "license" && e.Attribute("type")?.Value == "expression")?.Value.Trim();
        var repository = metadata.SingleOrDefault(e => e.Name.LocalName == "repository")?.Attribute("url")?.Value;
        return new(licence, Uri.TryCreate(repository, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? repository : null);
    }
}
