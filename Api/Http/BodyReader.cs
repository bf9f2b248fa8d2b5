using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Http;

/// <summary>Fills the gaps of a body with defaults, and collects what is wrong with it: all fields at once.</summary>
internal sealed class BodyReader
{
    private readonly List<FieldError> _errors = [];

    public IReadOnlyList<FieldError> Errors => _errors;

    public void Refuse(string field, string message) => _errors.Add(new(field, message));

    public string Required(string field, string? value)
    {
        if (string.IsNullOrEmpty(value)) Refuse(field, "is required.");
        return value ?? "";
    }

    public string Text(string field, string? value, int maxLength = 256)
    {
        if (value is null) return "";
        if (value.Length > maxLength) Refuse(field, $"must have at most {maxLength} characters.");
        else if (value.Any(char.IsControl)) Refuse(field, "must not contain control characters.");
        return value;
    }

    public double? AtLeastZero(string field, double? value)
    {
        if (value < 0) Refuse(field, "must be 0 or more.");
        return value;
    }

    public int? AtLeastZero(string field, int? value)
    {
        if (value < 0) Refuse(field, "must be 0 or more.");
        return value;
    }

    public IReadOnlyList<string> List(string field, IReadOnlyList<string?>? values)
    {
        if (values is null) return [];
        if (values.Count > 1000) Refuse(field, $"{values.Count} entries are too many: at most 1000.");
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] is null) Refuse($"{field}[{i}]", "must be a text.");
        }
        return [.. values.OfType<string>()];
    }

    public IReadOnlyDictionary<string, string> Map(string field, IReadOnlyDictionary<string, string?>? values)
    {
        if (values is null) return new Dictionary<string, string>();
        if (values.Count > 1000)
        {
            Refuse(field, $"{values.Count} entries are too many: at most 1000.");
            return new Dictionary<string, string>();
        }
        foreach (var (key, value) in values)
        {
            if (value is null) Refuse($"{field}.{key}", "must be a text.");
        }
        return values.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!);
    }
}
