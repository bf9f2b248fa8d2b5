using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Nodes;

/// <summary>Checks registrations: all errors at once.</summary>
internal static class NodeValidator
{
    private const int MaxLabels = 64;
    private const int MaxText = 256;
    private static readonly string[] Roles = ["gpu", "router", "edge"];

    public static IReadOnlyList<FieldError> Check(NodeRegistration r) =>
    [
        .. new[]
        {
            NameRules.Check("nodeId", r.NodeId),
            NameRules.Check("cell", r.CellId),
            Optional("zone", r.Zone),
            Optional("region", r.Region),
            Optional("failureDomain", r.FailureDomain),
            r.Labels.Count > MaxLabels ? new("labels", $"{r.Labels.Count} labels are too many: at most {MaxLabels}.") : null,
            r.Roles.Count == 0 ? new("roles", $"must name at least one of {string.Join(", ", Roles)}.") : null,
        }.OfType<FieldError>(),
        .. r.Labels.SelectMany(l => CheckLabel(l.Key, l.Value)),
        .. r.Roles.Where(role => !Roles.Contains(role)).Select(role => new FieldError("roles", $"'{NameRules.Shorten(role)}' is not a role. Known: {string.Join(", ", Roles)}.")),
    ];

    private static FieldError? Optional(string field, string? value) => value is null or "" ? null : NameRules.Check(field, value);

    private static IEnumerable<FieldError> CheckLabel(string key, string value)
    {
        if (key.Length is 0 or > MaxText) yield return new("labels", $"a label name must have 1 to {MaxText} characters.");
        if (value is null || value.Length > MaxText) yield return new($"labels.{NameRules.Shorten(key)}", $"must be a text of at most {MaxText} characters.");
    }
}
