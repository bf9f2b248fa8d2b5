using InferMesh.Api.Calls;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;

namespace InferMesh.Api.Grpc;

/// <summary>Reads the snapshots of the cells: one call per cell, all in parallel.</summary>
internal sealed class CellReader(GrainCalls calls)
{
    /// <summary>Snapshots by cell id; with a cell named, only that one, or none when it does not exist.</summary>
    public async Task<IReadOnlyList<CellSnapshot>> ReadAsync(CancellationToken cancellationToken, string cellId = "")
    {
        var listing = await calls.RetryAsync(grains => grains.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).List(), cancellationToken);
        // Only cells that the directory knows: asking for any other would create its grain.
        var ids = cellId.Length == 0 ? listing.Names : listing.Names.Where(name => name == cellId);
        return await Task.WhenAll(ids.Select(id => calls.RetryAsync(grains => grains.GetGrain<ICellSummaryGrain>(id).Snapshot(), cancellationToken)));
    }
}
