using System.Globalization;

namespace InferMesh.Simulator.Configuration.Yaml;

/// <summary>Range of a number, as in mathematics: <c>[0, 1)</c> is 0 to below 1; an end may be left out.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class InAttribute : Attribute
{
    public InAttribute(string range)
    {
        Range = range;
        var ends = range[1..^1].Split(',');
        Min = ends[0].Trim() is { Length: > 0 } low ? double.Parse(low, CultureInfo.InvariantCulture) : double.NegativeInfinity;
        Max = ends[1].Trim() is { Length: > 0 } high ? double.Parse(high, CultureInfo.InvariantCulture) : double.PositiveInfinity;
        MinOpen = range[0] == '(';
        MaxOpen = range[^1] == ')';
    }

    public string Range { get; }

    public double Min { get; }

    public double Max { get; }

    public bool MinOpen { get; }

    public bool MaxOpen { get; }

    public bool Holds(double value) => (MinOpen ? value > Min : value >= Min) && (MaxOpen ? value < Max : value <= Max);

    /// <summary>The range in words.</summary>
    public string InWords()
    {
        var low = double.IsInfinity(Min) ? null : MinOpen ? $"more than {Text(Min)}" : Text(Min);
        var high = double.IsInfinity(Max) ? null : MaxOpen ? $"below {Text(Max)}" : Text(Max);
        return (low, high) switch
        {
            (null, null) => "any number",
            ({ }, null) => MinOpen ? low : $"{low} or more",
            (null, { }) => MaxOpen ? high : $"{high} or less",
            _ => $"{low} to {high}",
        };
    }

    private static string Text(double value) => value.ToString("#,0.######", CultureInfo.InvariantCulture);
}

/// <summary>Keys that go with a member of a kind (a distribution, an arrival process); a key that must be given ends in <c>!</c>.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class KeysAttribute(params string[] keys) : Attribute
{
    public IReadOnlyList<string> All { get; } = [.. keys.Select(k => k.TrimEnd('!'))];

    public IReadOnlyList<string> Required { get; } = [.. keys.Where(k => k.EndsWith('!')).Select(k => k.TrimEnd('!'))];
}

/// <summary>The kind decides which of the other keys may be given: see <see cref="KeysAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class KindAttribute(string key) : Attribute
{
    public string Key { get; } = key;
}

/// <summary>What a bare value, or a list of values, in the place of the mapping stands for.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
internal sealed class ShortFormAttribute(params string[] keys) : Attribute
{
    /// <summary>One key: a bare value. Several: a list of as many values.</summary>
    public IReadOnlyList<string> Keys { get; } = keys;
}

/// <summary>Another name that a key of the value may have here.</summary>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
internal sealed class AliasAttribute(string name, string key) : Attribute
{
    public string Name { get; } = name;

    public string Key { get; } = key;
}

/// <summary>No key of its own.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotAKeyAttribute : Attribute;
