using System.Text;

namespace InferMesh.SupplyChain;

/// <summary>Writes docs/licences.md.</summary>
internal static class LicencePage
{
    /// <summary>The page.</summary>
    /// <param name="solution">All packages.</param>
    /// <param name="policy">Their licences.</param>
    /// <returns>Markdown.</returns>
    public static string Of(Solution solution, LicencePolicy policy)
    {
        ArgumentNullException.ThrowIfNull(solution);
        ArgumentNullException.ThrowIfNull(policy);
        var text = new StringBuilder();
        text.Append("# Licences of packages\n\nInferMesh itself is under the [Apache License 2.0](../LICENSE). This page is written by `make licences` from what was restored;\n")
            .Append("which licences packages may have is in [eng/licences.json](../eng/licences.json).\n");
        Section("In the programs", solution.Packages.Where(package => package.Shipped));
        Section("For the build and the tests only", solution.Packages.Where(package => !package.Shipped));
        return text.ToString();

        void Section(string title, IEnumerable<Package> packages)
        {
            text.Append("\n## ").Append(title).Append("\n\n| package | version | licence |\n|---|---|---|\n");
            foreach (var package in packages)
                text.Append("| ").Append(package.Id).Append(" | ").Append(package.Version).Append(" | ").Append(policy.LicenceOf(package) ?? "?").Append(" |\n");
        }
    }
}
