using System.Text;

namespace InferMesh.Cli.Operator.Output;

/// <summary>One object at length: a field a line, and tables below.</summary>
internal sealed class FieldText
{
    private const int LabelWidth = 14;
    private readonly StringBuilder _text = new();

    /// <summary>Adds a field; one without a value is left out.</summary>
    public FieldText Add(string label, string value)
    {
        if (value.Length > 0)
            _text.Append(label.PadRight(LabelWidth)).Append("  ").AppendLine(Terminal.Clean(value));
        return this;
    }

    /// <summary>Adds a table; one without rows is left out.</summary>
    public FieldText Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        IReadOnlyList<string>[] all = [.. rows];
        return all.Length > 0 ? Block(Terminal.Table(header, all)) : this;
    }

    /// <summary>Adds lines as they are, after an empty one.</summary>
    public FieldText Block(string lines)
    {
        if (lines.Length > 0)
            _text.AppendLine().AppendLine(lines.TrimEnd());
        return this;
    }

    public override string ToString() => _text.ToString().TrimEnd();
}
