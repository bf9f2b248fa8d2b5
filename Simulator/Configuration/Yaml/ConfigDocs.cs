using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Documentation comments of the configuration's records, from the file that the compiler puts beside the assembly; empty without it.</summary>
internal sealed partial class ConfigDocs
{
    private readonly Dictionary<string, XElement> _members;

    private ConfigDocs(Dictionary<string, XElement> members) => _members = members;

    public static ConfigDocs Load()
    {
        var file = Path.Combine(AppContext.BaseDirectory, typeof(ConfigDocs).Assembly.GetName().Name + ".xml");
        return new(File.Exists(file) ? XDocument.Load(file).Descendants("member").ToDictionary(m => (string)m.Attribute("name")!) : []);
    }

    public string Of(Type type) => Text(_members.GetValueOrDefault($"T:{type.FullName}")?.Element("summary"));

    /// <summary>Of a property, or of the parameter of a record that it comes from.</summary>
    public string Of(Type type, string property) => Text(
        _members.GetValueOrDefault($"P:{type.FullName}.{property}")?.Element("summary")
        ?? _members.GetValueOrDefault($"T:{type.FullName}")?.Elements("param").FirstOrDefault(p => (string?)p.Attribute("name") == property));

    /// <summary>Of a member of an enumeration.</summary>
    public string OfMember(Type type, string member) => Text(_members.GetValueOrDefault($"F:{type.FullName}.{member}")?.Element("summary"));

    private static string Text(XElement? element)
    {
        if (element is null) return "";
        var words = element.Nodes().Select(n => n switch
        {
            XElement { Name.LocalName: "see" } see => ConfigShape.NameOf(((string?)see.Attribute("cref") ?? "").Split('.')[^1]),
            XElement inner => inner.Value,
            _ => n.ToString(),
        });
        return Blanks().Replace(string.Concat(words), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
