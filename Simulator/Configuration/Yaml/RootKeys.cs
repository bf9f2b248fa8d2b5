namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Sections that may also stand at the top, as in the original's pages.</summary>
internal static class RootKeys
{
    /// <summary>Key at the top and section that it belongs to.</summary>
    public static readonly IReadOnlyList<(string Key, string Section)> Moved = [("tenants", "workload"), ("mig", "topology")];

    /// <summary>The same tree with such keys where they belong.</summary>
    public static YamlMap Place(YamlMap root, List<ConfigError> errors)
    {
        foreach (var (key, section) in Moved)
        {
            if (root.Find(key) is not { } pair) continue;
            var pairs = root.Pairs.FindAll(p => p != pair);
            var target = pairs.FindIndex(p => p.Key == section);
            if (target < 0)
            {
                pairs.Add(new(section, new YamlMap([pair], pair.Line, pair.Column), pair.Line, pair.Column));
            }
            else if (pairs[target].Value is YamlMap map && map.Find(key) is null)
            {
                pairs[target] = pairs[target] with { Value = map with { Pairs = [.. map.Pairs, pair] } };
            }
            else
            {
                errors.Add(new(key, pair.Line, pair.Column, $"stands here and under {section}; keep one"));
            }

            root = root with { Pairs = pairs };
        }

        return root;
    }
}
