using System.Text.Json;

namespace InferMesh.SupplyChain;

/// <summary>
/// Which licences packages may have: <c>eng/licences.json</c>. Some packages have no SPDX expression; what was found in their files is
/// written down there by hand.
/// </summary>
/// <param name="Allowed">SPDX identifiers that every package may have.</param>
/// <param name="AllowedForBuild">Further ones for packages that only the build or the tests use.</param>
/// <param name="Decided">Licences of packages without an expression, by package name.</param>
internal sealed record LicencePolicy(IReadOnlySet<string> Allowed, IReadOnlySet<string> AllowedForBuild, IReadOnlyDictionary<string, string> Decided)
{
    /// <summary>Reads the policy.</summary>
    /// <param name="root">Folder of the solution.</param>
    /// <returns>The policy.</returns>
    public static LicencePolicy Read(string root)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "eng", "licences.json")));
        return new(
            Names(document.RootElement.GetProperty("allowed")),
            Names(document.RootElement.GetProperty("allowedForBuild")),
            document.RootElement.GetProperty("decided").EnumerateObject().ToDictionary(package => package.Name, package => package.Value.GetString()!, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The licence of a package; null when nobody knows it.</summary>
    /// <param name="package">The package.</param>
    /// <returns>An SPDX expression or a <c>LicenseRef-</c> name.</returns>
    public string? LicenceOf(Package package) => package.Nuspec.LicenceExpression ?? Decided.GetValueOrDefault(package.Id);

    /// <summary>Packages whose licence is not known or not allowed, one line each.</summary>
    /// <param name="packages">All packages.</param>
    /// <returns>The lines; empty when all is well.</returns>
    public IReadOnlyList<string> Violations(IEnumerable<Package> packages) =>
    [
        .. packages.Where(package => !IsAllowed(package)).Select(package =>
            $"{package.Key}: {LicenceOf(package) ?? "no licence expression; look into the package and write it under \"decided\""} ({(package.Shipped ? "shipped" : "build and tests")})"),
    ];

    private static HashSet<string> Names(JsonElement list) => [.. list.EnumerateArray().Select(name => name.GetString()!)];

    // "A OR B" lets us choose; "A AND B" binds us to both.
    private bool IsAllowed(Package package) =>
        LicenceOf(package)?.Trim('(', ')').Split(" OR ").Any(choice => choice.Split(" AND ").All(licence => Allowed.Contains(licence) || (!package.Shipped && AllowedForBuild.Contains(licence)))) == true;
}
