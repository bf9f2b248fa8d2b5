using InferMesh.Grains.Abstractions;

namespace InferMesh.Grains.Common;

/// <summary>Rules that the fields of several kinds of objects share; each adds what is wrong to the list.</summary>
internal static class FieldRules
{
    /// <summary>Entries of a list.</summary>
    public const int MaxEntries = 1000;

    /// <summary>Characters of a text.</summary>
    public const int MaxText = 256;

    public static void Range(List<FieldError> errors, string field, double value, double min, double max)
    {
        // A NaN fails both comparisons and so is refused as well.
        if (!(value >= min && value <= max)) errors.Add(new(field, FormattableString.Invariant($"{value} is out of range {min}..{max}.")));
    }

    public static void Names(List<FieldError> errors, string field, IReadOnlyList<string> names)
    {
        TooMany(errors, field, names);
        errors.AddRange(names.Select((n, i) => NameRules.Check($"{field}[{i}]", n)).OfType<FieldError>());
    }

    public static void Texts(List<FieldError> errors, string field, IReadOnlyList<string> texts)
    {
        TooMany(errors, field, texts);
        errors.AddRange(texts.Select((t, i) => (t, i)).Where(x => x.t is null || x.t.Length is 0 or > MaxText).Select(x => new FieldError($"{field}[{x.i}]", $"must have 1 to {MaxText} characters.")));
    }

    public static void Patterns(List<FieldError> errors, string field, IReadOnlyList<string> patterns)
    {
        Texts(errors, field, patterns);
        errors.AddRange(patterns.Select((p, i) => (p, i)).Where(x => x.p?.IndexOf('*') is >= 0 and var at && at < x.p.Length - 1)
            .Select(x => new FieldError($"{field}[{x.i}]", "a '*' may stand only at the end.")));
    }

    public static void TooMany(List<FieldError> errors, string field, IReadOnlyList<string> list)
    {
        if (list.Count > MaxEntries) errors.Add(new(field, $"{list.Count} entries are too many: at most {MaxEntries}."));
    }
}
