using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Configuration.Yaml;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Simulator.Configuration;

/// <summary>The tables of docs/simulator-config.md come from the types; set INFERMESH_UPDATE_CONTRACTS=1 to write them anew. Its examples must be valid.</summary>
[TestClass]
public sealed partial class SimConfigDocsTests
{
    private const string Page = "docs/simulator-config.md";
    private const string Begin = "<!-- keys: written by SimConfigDocsTests from the types -->\n";
    private const string End = "<!-- end of keys -->\n";

    private readonly ConfigDocs _docs = ConfigDocs.Load();
    private readonly StringBuilder _text = new();
    private readonly HashSet<Type> _written = [];

    [TestMethod]
    public void Keys_AsDocumented_AreThoseOfTheTypes()
    {
        var page = Repository.Read(Page).ReplaceLineEndings("\n");
        var from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var to = page.IndexOf(End, StringComparison.Ordinal);
        Assert.IsTrue(from >= Begin.Length && to >= from, $"{Page} has lost its markers");
        Table(typeof(SimConfig), "Top level");
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_CONTRACTS") == "1")
        {
            File.WriteAllText(Path.Combine(Repository.Root, Page), page = page[..from] + _text + page[to..]);
            to = page.IndexOf(End, StringComparison.Ordinal);
        }

        Assert.AreEqual(_text.ToString(), page[from..to], $"Run this test with INFERMESH_UPDATE_CONTRACTS=1 and commit {Page}.");
    }

    [TestMethod]
    public void Examples_AsDocumented_AreValid()
    {
        var blocks = Blocks().Matches(Repository.Read(Page).ReplaceLineEndings("\n"));
        Assert.IsGreaterThan(5, blocks.Count);
        foreach (Match block in blocks)
        {
            // What is not at hand here is only the files.
            var errors = SimConfigYaml.Read(block.Groups[1].Value).Errors.Where(e => !e.Path.EndsWith("file", StringComparison.Ordinal));
            Assert.IsEmpty(errors, $"{block.Value}\n{string.Join('\n', errors)}");
        }
    }

    private void Table(Type type, string name)
    {
        if (!_written.Add(type)) return;
        var shape = ConfigShape.Of(type);
        _text.Append(CultureInfo.InvariantCulture, $"### {name}\n\n{_docs.Of(type)}\n\n| key | value | unit | default | range | what it says |\n|---|---|---|---|---|---|\n");
        foreach (var key in shape.Keys)
        {
            var kind = Nullable.GetUnderlyingType(key.Type) ?? key.Type;
            var also = key.Aliases.Count == 0 ? "" : $" Also: {string.Join(", ", key.Aliases.Select(a => $"`{a.Name}` for `{a.Key}`"))}.";
            _text.Append(CultureInfo.InvariantCulture, $"| `{key.Name}` | {ValueOf(kind)} | {Unit(key)} | {Default(key)} | {key.Range?.InWords() ?? ""} | {_docs.Of(type, key.Property.Name)}{also} |\n");
        }

        _text.Append('\n');
        if (shape.Kind is { } chosen) Kinds(chosen);
        foreach (var key in shape.Keys)
        {
            var inner = key.Type.IsGenericType && key.Type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? key.Type.GetGenericArguments()[0] : Nullable.GetUnderlyingType(key.Type) ?? key.Type;
            if (ConfigShape.IsSection(inner)) Table(inner, Heading(inner));
        }
    }

    private void Kinds(ConfigKey kind)
    {
        _text.Append(CultureInfo.InvariantCulture, $"| `{kind.Name}` | what it is | its keys (bold: must be given) |\n|---|---|---|\n");
        foreach (var value in Enum.GetValues(kind.Type).Cast<object>())
        {
            var keys = ConfigShape.KeysOf(value);
            var names = keys.All.Select(k => keys.Required.Contains(k) ? $"**`{k}`**" : $"`{k}`");
            _text.Append(CultureInfo.InvariantCulture, $"| `{ConfigShape.NameOf(value.ToString()!)}` | {_docs.OfMember(kind.Type, value.ToString()!)} | {string.Join(", ", names)} |\n");
        }

        _text.Append('\n');
    }

    private static string Heading(Type type) => $"`{ConfigShape.NameOf(type.Name.Replace("Config", "", StringComparison.Ordinal))}`";

    private static string ValueOf(Type type) => type switch
    {
        _ when type == typeof(double) => "number",
        _ when type == typeof(int) || type == typeof(ulong) => "whole number",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(string) => "text",
        _ when type.IsEnum => string.Join(", ", ScalarReader.Names(type).Select(n => $"`{n}`")),
        _ when type == typeof(IReadOnlyDictionary<string, double>) => "names and numbers",
        _ when type == typeof((double, double)) => "[value, probability]",
        _ when type.IsGenericType => $"list of {ValueOf(type.GetGenericArguments()[0])}",
        _ => $"{Heading(type)}",
    };

    private static string Unit(ConfigKey key) => key.Name switch
    {
        _ when ConfigShape.IsSection(Nullable.GetUnderlyingType(key.Type) ?? key.Type) => "",
        "rps" or "rates_rps" => "1/s",
        "sample_rate" => "Hz",
        "tokens_per_s" => "tokens/s",
        "price_per_hour" => "USD/h",
        "kv_transfer_bytes_per_second" => "B/s",
        "kv_transfer_seconds" => "s",
        "intra_cell" or "inter_region" => "Mbit/s",
        var n when n.EndsWith("_ms", StringComparison.Ordinal) => "ms",
        var n when n.EndsWith("_s", StringComparison.Ordinal) => "s",
        var n when n.Contains("_gb", StringComparison.Ordinal) => "GB",
        var n when n.EndsWith("_tokens", StringComparison.Ordinal) => "tokens",
        _ => "",
    };

    private static string Default(ConfigKey key) => key.Required ? "must be given" : key.Default switch
    {
        null => "none",
        string text => $"`{text}`",
        bool flag => flag ? "`true`" : "`false`",
        Enum member => $"`{ConfigShape.NameOf(member.ToString())}`",
        double or int or ulong => ((IFormattable)key.Default).ToString(null, CultureInfo.InvariantCulture),
        RangeMs range => FormattableString.Invariant($"[{range.Min}, {range.Max}]"),
        IReadOnlyList<StrategyConfig> strategies => $"[{string.Join(", ", strategies.Select(s => s.Name))}]",
        IReadOnlyList<GpuProfileConfig> gpus => $"[{string.Join(", ", gpus.Select(g => g.Name))}]",
        DistConfig { Dist: DistKind.Constant } one => FormattableString.Invariant($"{one.Value}"),
        DistConfig { Dist: DistKind.Lognormal } one => FormattableString.Invariant($"lognormal, mu {one.Mu}, sigma {one.Sigma}"),
        DistConfig one => FormattableString.Invariant($"uniform, {one.Min} to {one.Max}"),
        System.Collections.ICollection { Count: 0 } => "none",
        _ => "its keys' defaults",
    };

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
