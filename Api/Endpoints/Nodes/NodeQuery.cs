using System.Text.Json;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Nodes;

/// <summary>Filters and page of a node list, all conditions together.</summary>
internal sealed record NodeQuery
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;
    private static readonly Dictionary<string, NodeHealth> HealthByName =
        Enum.GetValues<NodeHealth>().ToDictionary(h => JsonNamingPolicy.SnakeCaseLower.ConvertName(h.ToString()));

    public static QueryParameter[] Parameters { get; } =
    [
        new("cell", "Nodes of this cell."),
        new("zone", "Nodes of this zone."),
        new("region", "Nodes of this region."),
        new("health", "Nodes of this health; several are alternatives.") { Repeats = true, Allowed = [.. HealthByName.Keys] },
        new("model", "Nodes that serve this model."),
        new("label", "Nodes that carry this label, as `key=value`; several must all match.") { Repeats = true },
        new("synthetic", "Only simulated nodes, or none of them.") { Type = QueryType.Flag },
        new("limit", "Most entries on a page.") { Type = QueryType.WholeNumber, Min = 1, Max = MaxLimit, Default = DefaultLimit },
        new("cursor", "Where to go on: `nextCursor` of the page before."),
    ];

    public string? Cell { get; init; }

    public string? Zone { get; init; }

    public string? Region { get; init; }

    public IReadOnlyList<NodeHealth> Health { get; init; } = [];

    public string? Model { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Labels { get; init; } = [];

    public bool? Synthetic { get; init; }

    public int Limit { get; init; } = DefaultLimit;

    /// <summary>Id after which the page begins; null for the first page.</summary>
    public string? After { get; init; }

    public static NodeQuery Read(QueryReader query)
    {
        string? after = null;
        if (query.Text("cursor") is { } cursor && !Cursor.TryRead(cursor, out after)) query.Refuse("cursor", "is not a cursor of this list.");
        var labels = query.Texts("label").Select(text => text.Split('=', 2)).ToList();
        if (labels.Any(label => label.Length < 2 || label[0].Length == 0)) query.Refuse("label", "must have the form key=value.");
        return new()
        {
            Cell = query.Text("cell"),
            Zone = query.Text("zone"),
            Region = query.Text("region"),
            Health = [.. query.Texts("health").Where(HealthByName.ContainsKey).Select(h => HealthByName[h])],
            Model = query.Text("model"),
            Labels = [.. labels.Where(label => label.Length == 2).Select(label => KeyValuePair.Create(label[0], label[1]))],
            Synthetic = query.Flag("synthetic"),
            Limit = (int)(query.Number("limit") ?? DefaultLimit),
            After = after,
        };
    }

    public bool Accepts(NodeRegistration node, NodeHealth health) =>
        (Zone is null || node.Zone == Zone)
        && (Region is null || node.Region == Region)
        && (Health.Count == 0 || Health.Contains(health))
        && (Synthetic is null || node.Synthetic == Synthetic)
        && Labels.All(label => node.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    public Page<NodeSummaryItem> Run(IEnumerable<CellSnapshot> cells)
    {
        var found = cells.SelectMany(NodeRows.Of)
            // A node that moved may still stand in the snapshot of its old cell: the newer registration is the true one.
            .GroupBy(row => row.Registration.NodeId, StringComparer.Ordinal)
            .Select(rows => rows.MaxBy(row => row.Version)!)
            .Where(row => Accepts(row.Registration, row.Health) && (Model is null || row.Models.Contains(Model)))
            .OrderBy(row => row.Registration.NodeId, StringComparer.Ordinal)
            .ToList();
        var start = After is null ? 0 : found.FindIndex(row => string.CompareOrdinal(row.Registration.NodeId, After) > 0);
        var page = start < 0 ? [] : found.Skip(start).Take(Limit).Select(row => row.ToItem()).ToList();
        return new()
        {
            Items = page,
            NextCursor = start >= 0 && start + page.Count < found.Count ? Cursor.After(page[^1].Id) : null,
            Total = found.Count,
        };
    }
}
