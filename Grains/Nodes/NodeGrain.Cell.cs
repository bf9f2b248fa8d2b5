using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Directory;

namespace InferMesh.Grains.Nodes;

/// <summary>Into a cell, out of it, and what the cell is told.</summary>
internal sealed partial class NodeGrain
{
    /// <summary>Enters the node's name before the node is stored: who lists or rebuilds finds the node then, or finds that there is none.</summary>
    private async Task EnterAsync(string cell)
    {
        await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(cell)).Add(NodeId);
        await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Cells).Add(cell);
    }

    /// <summary>Makes the cell that the node has left forget it. May be repeated: what an earlier call did not get done is done now.</summary>
    private async Task FinishLeavingAsync()
    {
        var cell = state.State.FormerCell;
        if (cell.Length == 0) return;
        if (state.State.Registration is null) GpuMetrics.Hide(this);
        // A summary that is still on its way would bring the node back.
        if (_reporting is { } underWay) await underWay;
        await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.NodesOf(cell)).Remove(NodeId);
        await GrainFactory.GetGrain<ICellSummaryGrain>(cell).Forget(NodeId);
        state.State.FormerCell = "";
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State.FormerCell = cell;
            throw;
        }
    }

    /// <summary>Sends the newest summary; while one is under way, later ones share the next.</summary>
    private void ReportToCell()
    {
        if (_reporting is { IsCompleted: false }) _reportAgain = true;
        else _reporting = ReportAsync();
    }

    private async Task ReportAsync()
    {
        do
        {
            _reportAgain = false;
            if (Summary() is not { } summary) return;
            try
            {
                await Cell(summary.Registration.CellId).Report(summary);
            }
            catch (Exception e)
            {
                // The next reading reports again; a cell that moved rebuilds from its nodes.
                CellMissed(NodeId, summary.Registration.CellId, e.Message);
                return;
            }
        }
        while (_reportAgain);
    }

    // Once per move, not once per reading: to make a reference costs more than to call it.
    private ICellSummaryGrain Cell(string id)
    {
        if (_cell?.Id != id) _cell = (id, GrainFactory.GetGrain<ICellSummaryGrain>(id));
        return _cell.Value.Grain;
    }
}
