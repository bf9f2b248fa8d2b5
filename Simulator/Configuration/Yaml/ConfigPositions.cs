namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Puts what a validator says beside the errors of the reader, where it stands in the file.</summary>
internal static class ConfigPositions
{
    /// <summary>Adds findings with their positions.</summary>
    /// <param name="found">What the validator says.</param>
    /// <param name="errors">Errors so far; the findings go there too.</param>
    /// <param name="positions">Where each path stands.</param>
    public static void Add(IReadOnlyList<ConfigError> found, List<ConfigError> errors, Dictionary<string, (int Line, int Column)> positions)
    {
        var faulty = errors.ConvertAll(e => e.Path);
        errors.AddRange(found.Where(e => !faulty.Exists(f => Covers(e.Path, f))).Select(e => Located(e, positions)));
    }

    // What could not be read was replaced by its default: what is said of the whole then says nothing.
    private static bool Covers(string whole, string part) => part.StartsWith(whole, StringComparison.Ordinal) && (part.Length == whole.Length || whole.Length == 0 || part[whole.Length] is '.' or '[');

    private static ConfigError Located(ConfigError error, Dictionary<string, (int Line, int Column)> positions)
    {
        for (var path = error.Path; ; path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))])
        {
            if (positions.TryGetValue(path, out var at)) return error with { Line = at.Line, Column = at.Column };
        }
    }
}
