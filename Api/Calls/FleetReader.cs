using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;

namespace InferMesh.Api.Calls;

/// <summary>Reads the fleet from the snapshots of its cells: one call per cell, never one per node.</summary>
internal sealed class FleetReader(GrainCalls calls)
{
    private const int Parallel = 16;

    /// <summary>Snapshots of all cells, by cell id.</summary>
    public async Task<IReadOnlyList<CellSnapshot>> ReadAsync(CancellationToken cancellationToken)
    {
        var cells = await CellsAsync(cancellationToken);
        var snapshots = new CellSnapshot[cells.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForAsync(0, cells.Count, options, async (i, cancel) => snapshots[i] = await SnapshotAsync(cells[i], cancel));
        return snapshots;
    }

    /// <summary>Snapshot of one cell; null when there is no such cell.</summary>
    public async Task<CellSnapshot?> ReadAsync(string cellId, CancellationToken cancellationToken) =>
        (await CellsAsync(cancellationToken)).Contains(cellId, StringComparer.Ordinal) ? await SnapshotAsync(cellId, cancellationToken) : null;

    private async Task<IReadOnlyList<string>> CellsAsync(CancellationToken cancellationToken) =>
        (await calls.RetryAsync(grains => grains.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).List(), cancellationToken)).Names;

    private Task<CellSnapshot> SnapshotAsync(string cellId, CancellationToken cancellationToken) =>
        calls.RetryAsync(grains => grains.GetGrain<ICellSummaryGrain>(cellId).Snapshot(), cancellationToken);
}
