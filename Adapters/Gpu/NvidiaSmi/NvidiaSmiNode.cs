using System.Text;
using System.Xml;

namespace InferMesh.Adapters.Gpu.NvidiaSmi;

/// <summary>One element of what <c>nvidia-smi -q -x</c> prints.</summary>
internal sealed class NvidiaSmiNode(string name, string? id)
{
    private const int MaxDepth = 24; // documents of today are seven deep
    private const int MaxNodes = 200_000;
    private const int MaxTextLength = 4096;

    private readonly StringBuilder _text = new();
    private readonly List<NvidiaSmiNode> _children = [];

    public string Name { get; } = name;

    /// <summary>The attribute of a GPU that holds its PCI address.</summary>
    public string? Id { get; } = id;

    public IReadOnlyList<NvidiaSmiNode> Children => _children;

    /// <summary>Text directly inside the element, trimmed.</summary>
    public string Text => _text.ToString().Trim();

    public IEnumerable<NvidiaSmiNode> All(string name) => _children.Where(child => child.Name == name);

    /// <summary>The element at a path such as <c>pci/tx_util</c>; null when there is none.</summary>
    public NvidiaSmiNode? At(string path)
    {
        var node = this;
        foreach (var part in path.Split('/'))
        {
            if (node._children.Find(child => child.Name == part) is not { } next)
                return null;
            node = next;
        }
        return node;
    }

    /// <summary>Reads a document up to the end of its root; warnings that the tool prints around it are not read.</summary>
    /// <returns>The root, or why there is none.</returns>
    public static (NvidiaSmiNode? Root, string? Error) Parse(string output)
    {
        var start = output.IndexOf('<', StringComparison.Ordinal);
        if (start < 0)
            return (null, "the output is not XML");
        // The DOCTYPE names a file that nobody has; it is skipped, and nothing in it can be an entity.
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Ignore,
            XmlResolver = null,
            CheckCharacters = false,
            MaxCharactersFromEntities = MaxTextLength,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            ConformanceLevel = ConformanceLevel.Document,
        };
        try
        {
            using var reader = XmlReader.Create(new StringReader(output[start..]), settings);
            return Read(reader);
        }
        catch (XmlException exception)
        {
            return (null, $"the output is not whole XML: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static (NvidiaSmiNode? Root, string? Error) Read(XmlReader reader)
    {
        var open = new Stack<NvidiaSmiNode>();
        var nodes = 0;
        reader.Read();
        while (!reader.EOF)
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                if (open.Count > 0 && reader.Name is "supported_clocks" or "accounted_processes")
                {
                    reader.Skip(); // nine tenths of a document, and nothing of it is a reading
                    continue;
                }
                if (open.Count == MaxDepth || ++nodes > MaxNodes)
                    return (null, "the XML is deeper or larger than any GPU's");
                var node = new NvidiaSmiNode(reader.Name, reader.GetAttribute("id"));
                if (open.TryPeek(out var parent))
                    parent._children.Add(node);
                if (!reader.IsEmptyElement)
                    open.Push(node);
                else if (parent is null)
                    return (node, null);
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && open.TryPeek(out var holder) && holder._text.Length < MaxTextLength)
            {
                holder._text.Append(reader.Value);
            }
            else if (reader.NodeType == XmlNodeType.EndElement && open.Pop() is var closed && open.Count == 0)
            {
                return (closed, null);
            }
            reader.Read();
        }
        return (null, "the XML ends before its root does");
    }
}
