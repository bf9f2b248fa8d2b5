using System.Text;

namespace InferMesh.AppHost.Local;

/// <summary>Two aligned columns of plain text.</summary>
internal static class SummaryTable
{
    public static string Render(string title, IReadOnlyList<(string Name, string Value)> rows)
    {
        var width = rows.Max(r => r.Name.Length);
        var text = new StringBuilder().Append(title).Append('\n');
        foreach (var (name, value) in rows) text.Append("  ").Append(name.PadRight(width)).Append("  ").Append(value).Append('\n');
        return text.ToString();
    }
}
