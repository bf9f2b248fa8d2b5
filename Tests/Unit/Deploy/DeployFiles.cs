using System.Text.RegularExpressions;
using InferMesh.Tests.Unit.Architecture;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace InferMesh.Tests.Unit.Deploy;

/// <summary>The files under Aspire.AppHost/deploy.</summary>
internal static partial class DeployFiles
{
    public const string Folder = "Aspire.AppHost/deploy";

    public static string Path(string name) => System.IO.Path.Combine(Repository.Root, Folder, name);

    public static string Read(string name) => File.ReadAllText(Path(name));

    /// <summary>A YAML file as plain dictionaries, lists and texts, its merge keys resolved.</summary>
    public static YamlView Yaml(string name) =>
        new(new Deserializer().Deserialize<object>(new MergingParser(new Parser(new StringReader(Read(name)))))!);

    /// <summary>Version of the solution, which is that of its images.</summary>
    public static string Version => VersionElement().Match(Repository.Read("Directory.Build.props")).Groups[1].Value;

    [GeneratedRegex("<Version>([^<]+)</Version>")]
    private static partial Regex VersionElement();
}

/// <summary>A place in a YAML document.</summary>
internal sealed record YamlView(object? Value)
{
    public YamlView this[string key] => new(Value is Dictionary<object, object> map && map.TryGetValue(key, out var value) ? value : null);

    public bool Exists => Value is not null;

    public string? Text => Value as string;

    public IReadOnlyList<string> Keys => Value is Dictionary<object, object> map ? [.. map.Keys.Select(key => (string)key)] : [];

    public IReadOnlyList<YamlView> Items => Value is List<object> list ? [.. list.Select(item => new YamlView(item))] : [];

    public IReadOnlyList<string> Texts => [.. Items.Select(item => item.Text!)];
}
