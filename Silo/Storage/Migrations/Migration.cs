using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace InferMesh.Silo.Storage.Migrations;

/// <summary>One step of the schema, from the version before to its own.</summary>
/// <param name="Version">1 for the first.</param>
/// <param name="Name">What it brings.</param>
/// <param name="Sql">Its statements.</param>
internal sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>Tells whether a script has been changed since it was applied; line endings do not count.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>The scripts that ship inside the silo, named <c>0001_what_it_brings.sql</c>, in order.</summary>
    /// <param name="database">Kind of database: <c>sqlite</c> or <c>postgres</c>.</param>
    /// <exception cref="InvalidOperationException">A number is missing, or there twice.</exception>
    public static IReadOnlyList<Migration> Embedded(string database)
    {
        var assembly = typeof(Migration).Assembly;
        var prefix = $"{database}/";
        Migration[] all = [.. assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(Read).OrderBy(static m => m.Version)];
        if (all.Length == 0 || all.Index().Any(static m => m.Item.Version != m.Index + 1))
            throw new InvalidOperationException($"The migrations of {database} are not numbered 1, 2, 3, ...: {string.Join(", ", all.Select(static m => m.Version))}.");
        return all;

        Migration Read(string resource)
        {
            var file = Path.GetFileNameWithoutExtension(resource[prefix.Length..]);
            var (number, name) = file.Split('_', 2) is [var n, var rest] ? (n, rest) : (file, "");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            return new(int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture), name.Replace('_', ' '), reader.ReadToEnd());
        }
    }
}
