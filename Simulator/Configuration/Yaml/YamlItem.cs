using YamlDotNet.Core;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>A piece of YAML and where it stands.</summary>
internal abstract record YamlItem(int Line, int Column);

/// <summary>A value as written.</summary>
internal sealed record YamlScalar(string Text, bool Quoted, int Line, int Column) : YamlItem(Line, Column)
{
    public bool IsNull => !Quoted && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
internal sealed record YamlList(List<YamlItem> Items, int Line, int Column) : YamlItem(Line, Column);

/// <summary>Keys and values, in order; no key twice.</summary>
internal sealed record YamlMap(List<YamlPair> Pairs, int Line, int Column) : YamlItem(Line, Column)
{
    public YamlPair? Find(string key) => Pairs.Find(p => p.Key == key);
}

/// <summary>A key with its value; the position is the key's.</summary>
internal sealed record YamlPair(string Key, YamlItem Value, int Line, int Column)
{
    public static YamlPair At(Mark mark, string key, YamlItem value) => new(key, value, (int)mark.Line, (int)mark.Column);
}
