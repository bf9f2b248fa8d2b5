using System.Globalization;
using InferMesh.Grains.Abstractions;
using Microsoft.Extensions.Primitives;

namespace InferMesh.Api.Http;

/// <summary>Reads the query of a request by the parameters that its endpoint declares, and collects all that is wrong with it.</summary>
internal sealed class QueryReader
{
    private const int MaxText = 512;
    private const int MaxList = 4096;

    private readonly IQueryCollection _query;
    private readonly List<FieldError> _errors = [];

    public QueryReader(HttpContext context)
    {
        _query = context.Request.Query;
        var declared = context.GetEndpoint()?.Metadata.GetOrderedMetadata<QueryParameter>() ?? [];
        foreach (var (name, values) in _query)
        {
            if (declared.FirstOrDefault(p => p.Name == name) is { } parameter) Check(parameter, values);
            else _errors.Add(new(name, declared.Count == 0 ? "is not a parameter: this call takes none." : $"is not a parameter. Known: {string.Join(", ", declared.Select(p => p.Name))}."));
        }
    }

    public IReadOnlyList<FieldError> Errors => _errors;

    public void Refuse(string name, string message) => _errors.Add(new(name, message));

    public string? Text(string name) => _query.TryGetValue(name, out var values) && values.Count > 0 && values[0]!.Length > 0 ? values[0] : null;

    public IReadOnlyList<string> Texts(string name) => _query.TryGetValue(name, out var values) ? [.. values.OfType<string>().Where(v => v.Length > 0)] : [];

    public long? Number(string name) => long.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    public bool? Flag(string name) => bool.TryParse(Text(name), out var value) ? value : null;

    private void Check(QueryParameter parameter, StringValues values)
    {
        if (values.Count > 1 && !parameter.Repeats) Refuse(parameter.Name, "is given more than once.");
        foreach (var value in values)
        {
            if (!string.IsNullOrEmpty(value) && Fault(parameter, value) is { } fault) Refuse(parameter.Name, fault);
        }
    }

    private static string? Fault(QueryParameter parameter, string value)
    {
        // A list may name all that there is, as all types of events.
        var most = parameter.Repeats ? MaxList : MaxText;
        if (value.Length > most) return $"must have at most {most} characters.";
        if (parameter.Allowed.Count > 0 && !parameter.Allowed.Contains(value)) return $"must be one of {string.Join(", ", parameter.Allowed)}.";
        return parameter.Type switch
        {
            QueryType.Flag when !bool.TryParse(value, out _) => "must be true or false.",
            QueryType.WholeNumber when !InRange(parameter, value) => $"must be a whole number{Range(parameter)}.",
            _ => null,
        };
    }

    private static bool InRange(QueryParameter parameter, string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number >= (parameter.Min ?? long.MinValue) && number <= (parameter.Max ?? long.MaxValue);

    private static string Range(QueryParameter parameter) => (parameter.Min, parameter.Max) switch
    {
        ({ } min, { } max) => $" from {min} to {max}",
        ({ } min, null) => $" from {min}",
        _ => "",
    };
}
