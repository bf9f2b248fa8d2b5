using System.Text.Json;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Grains.Cells;

/// <summary>
/// Which changes of health are events. It compares with what was written down last, not with what a cell remembers: after a silo has died with the cell, what came of the node meanwhile is one
/// change, and nothing is told twice. Pure.
/// </summary>
internal static class HealthBook
{
    /// <summary>Takes a note into what is known; the event that follows, or null.</summary>
    public static MeshEvent? Take(Dictionary<string, NodeHealth> known, HealthNote note)
    {
        if (note.Health is not { } now)
        {
            known.Remove(note.NodeId);
            return null;
        }
        if (!known.TryGetValue(note.NodeId, out var before))
        {
            known[note.NodeId] = now;
            return null;
        }
        // A cell that begins anew has not heard of the node yet: nothing has changed.
        if (before == now || now == NodeHealth.Joining) return null;
        known[note.NodeId] = now;
        if (IsAnnouncedByNode(before, now, note.Fault)) return null;
        var data = new Dictionary<string, string> { ["from"] = Name(before), ["to"] = Name(now) };
        if (note.Fault is not { } fault) return Make("");
        data["reason"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(fault.Kind.ToString());
        data["subject"] = fault.Subject;
        data["evidence"] = fault.Evidence;
        return Make(fault.Evidence);

        MeshEvent Make(string reason) => new() { Type = EventTypes.NodeHealthChanged, Subject = note.NodeId, Reason = reason, Data = data };
    }

    /// <summary>What an operator commands, the node announces that takes the command.</summary>
    private static bool IsAnnouncedByNode(NodeHealth from, NodeHealth to, NodeFault? fault)
    {
        // Commanded or not, it fell silent, or it is heard again.
        if ((from == NodeHealth.Offline && to is NodeHealth.Cordoned or NodeHealth.Draining) || (to == NodeHealth.Offline && from is NodeHealth.Cordoned or NodeHealth.Draining)) return false;
        if (IsCommanded(from) || IsCommanded(to)) return true;
        if (to == NodeHealth.Quarantined && fault?.Kind == FaultKind.Operator) return from != NodeHealth.Offline;
        return from == NodeHealth.Quarantined && fault is null;
    }

    private static bool IsCommanded(NodeHealth health) => health is NodeHealth.Cordoned or NodeHealth.Draining or NodeHealth.Maintenance;

    private static string Name(NodeHealth health) => health.ToString().ToLowerInvariant();
}
