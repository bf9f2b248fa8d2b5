using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Backup;

namespace InferMesh.Grains.Nodes;

/// <summary>Registering against a version, and into backups and out of them: the registration with what operators and faults have made of the node, never its readings.</summary>
internal sealed partial class NodeGrain
{
    public Task<IReadOnlyList<FieldError>> Check(NodeRegistration registration) => Task.FromResult(NodeValidator.Check(registration));

    public Task<NodeCommandResult> RegisterAt(NodeRegistration registration, long expected, string actor)
    {
        var version = state.State.Registration is null ? 0 : state.State.Version;
        if (version == expected) return Register(registration, actor);
        return Task.FromResult(new NodeCommandResult(
            NodeCommandStatus.Conflict, version == 0 ? null : View(), [new("", FormattableString.Invariant($"Node {NodeId} is at version {version}, not {expected}."))]));
    }

    public Task<ObjectImage?> Save() =>
        Task.FromResult(state.State.Registration is null ? null : new ObjectImage(state.State.Version, false, StateText.Write(state.State)));

    public async Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        if (StateText.Read<NodeState>(image.State) is not { Registration: { } registration } saved || registration.NodeId != NodeId || NodeValidator.Check(registration).Count > 0)
            return new(RestoreStatus.Invalid, state.State.Version, "it is not a state of this node");
        if (state.State.Registration is { } known)
        {
            var same = Same(known, registration) && SameFlags(state.State, saved);
            if (!same && !overwrite) return new(RestoreStatus.Conflict, state.State.Version, FormattableString.Invariant($"it is there with other content, at version {state.State.Version}"));
            if (!dryRun && !same) await ChangeAsync(s => TakeFlags(s, saved), _ => News(EventTypes.NodeChanged, actor, "restored"));
            // Also when nothing changes: an earlier call may have died between its writes.
            if (!dryRun) await Register(registration, actor);
            return new(same ? RestoreStatus.Unchanged : RestoreStatus.Overwritten, state.State.Version);
        }
        if (dryRun) return new(RestoreStatus.Created, state.State.Version);
        await FinishLeavingAsync();
        await EnterAsync(registration.CellId);
        await ChangeAsync(s =>
        {
            TakeFlags(s, saved);
            // Where the node never was, it gets the number that it had; a number never goes back.
            (s.Registration, s.Version) = (registration, Math.Max(s.Version, saved.Version - 1));
        }, _ => News(EventTypes.NodeJoined, actor, "restored", ("cell", registration.CellId), ("synthetic", registration.Synthetic ? "true" : "false")));
        (_telemetry, _knownSince, _models, _watch) = (new(), time.GetUtcNow(), [], null);
        await Register(registration, actor);
        return new(RestoreStatus.Created, state.State.Version);
    }

    private static void TakeFlags(NodeState to, NodeState from)
    {
        (to.Cordoned, to.Draining, to.Maintained, to.Reason) = (from.Cordoned, from.Draining, from.Maintained, from.Reason);
        (to.DrainForced, to.DrainStarted, to.DrainDeadline) = (from.DrainForced, from.DrainStarted, from.DrainDeadline);
        (to.Quarantine, to.SeenXids) = (from.Quarantine, from.SeenXids);
    }

    private static bool SameFlags(NodeState one, NodeState other) =>
        (one.Cordoned, one.Draining, one.Maintained, one.Reason, ByOperator(one)) == (other.Cordoned, other.Draining, other.Maintained, other.Reason, ByOperator(other));

    private static bool ByOperator(NodeState node) => node.Quarantine.Current is { } quarantine && quarantine.Until == DateTimeOffset.MaxValue;
}
