using System.Globalization;
using System.Text;

namespace InferMesh.Tests.Unit.Simulator.ReferenceCases;

/// <summary>One row of the reference cases.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Expected">Expected value.</param>
/// <param name="Tolerance">How far from it is still right.</param>
/// <param name="Kind">Of the tolerance: rel, abs or exact.</param>
internal sealed record ReferenceRow(string Id, double Expected, double Tolerance, string Kind)
{
    /// <summary>The property that names the row that a test is for.</summary>
    public const string Property = "ReferenceCase";

    public static IReadOnlyList<ReferenceRow> All()
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } folder) Assert.Inconclusive("INFERMESH_DATA is not set: the reference cases lie there.");
        return [.. File.ReadLines(Path.Combine(Environment.GetEnvironmentVariable("INFERMESH_DATA")!, "reference-cases.csv")).Skip(1).Where(l => l.Length > 0).Select(Parse)];
    }

    public static void Check(string id, double actual)
    {
        var row = All().Single(r => r.Id == id);
        var allowed = row.Kind switch { "rel" => row.Tolerance * Math.Abs(row.Expected), "abs" => row.Tolerance, _ => 0 };
        Assert.AreEqual(row.Expected, actual, allowed, id);
    }

    private static ReferenceRow Parse(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else field.Append(c);
        }
        fields.Add(field.ToString());
        return new(fields[0], Number(fields[5]), Number(fields[6]), fields[7]);

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }
}
