using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Api.Endpoints.Nodes;

/// <summary>One node of a cell snapshot.</summary>
internal sealed record NodeRow(CellSnapshot Cell, int Index, IReadOnlySet<string> Models)
{
    public NodeRegistration Registration => Cell.Nodes.Registration[Index];

    public NodeHealth Health => Cell.Nodes.Health[Index];

    public long Version => Cell.Nodes.Version[Index];

    public NodeSummaryItem ToItem()
    {
        var (node, gpus, sampledAt) = (Registration, Cell.Nodes.Gpus[Index], Cell.Nodes.SampledAtTicks[Index]);
        return new()
        {
            Id = node.NodeId,
            Cell = node.CellId,
            Zone = Views.Known(node.Zone),
            Region = Views.Known(node.Region),
            FailureDomain = Views.Known(node.FailureDomain),
            Labels = node.Labels,
            Roles = node.Roles,
            Synthetic = node.Synthetic,
            Health = Health,
            Version = Version,
            SampledAt = sampledAt > 0 ? new DateTimeOffset(sampledAt, TimeSpan.Zero) : null,
            RttMs = Views.Known(Cell.Nodes.RttMs[Index]),
            Gpus = new()
            {
                Count = gpus.Count,
                Name = Views.Known(gpus.Name),
                VramTotalBytes = gpus.VramTotalBytes,
                VramUsedBytes = gpus.VramUsedBytes,
                SmUtilization = Views.Known(gpus.SmUtilization),
                MaxTemperatureCelsius = Views.Known(gpus.MaxTemperatureCelsius),
                PowerWatts = Views.Known(gpus.PowerWatts),
            },
            Models = [.. Models.Order(StringComparer.Ordinal)],
        };
    }
}

internal static class NodeRows
{
    private static readonly HashSet<string> None = [];

    public static IEnumerable<NodeRow> Of(CellSnapshot cell)
    {
        var models = new HashSet<string>?[cell.Nodes.Registration.Length];
        for (var i = 0; i < cell.Targets.Node.Length; i++)
            (models[cell.Targets.Node[i]] ??= new(StringComparer.Ordinal)).Add(cell.Targets.Model[i]);
        return Enumerable.Range(0, models.Length).Select(i => new NodeRow(cell, i, models[i] ?? None));
    }
}
