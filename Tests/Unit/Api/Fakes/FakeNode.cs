using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Cells;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Tests.Unit.Api.Fakes;

internal sealed class FakeNode(string id) : INodeGrain
{
    public NodeView? View { get; set; }

    public string? LastActor { get; private set; }

    public string Reason { get; private set; } = "";

    public TimeSpan DrainTimeout { get; private set; }

    public Task<NodeCommandResult> Register(NodeRegistration registration, string actor)
    {
        LastActor = actor;
        if (registration.CellId.Contains(' ', StringComparison.Ordinal)) return Result(NodeCommandStatus.Invalid, new FieldError("cellId", "must have no space."));
        View = new() { Registration = registration, Version = (View?.Version ?? 0) + 1 };
        return Result(NodeCommandStatus.Accepted);
    }

    public Task<NodeCommandResult> RegisterAt(NodeRegistration registration, long expected, string actor) =>
        (View?.Version ?? 0) == expected ? Register(registration, actor) : Result(NodeCommandStatus.Conflict, new FieldError("", $"Node {id} is at another version."));

    public Task<IReadOnlyList<FieldError>> Check(NodeRegistration registration) =>
        Task.FromResult<IReadOnlyList<FieldError>>(registration.CellId.Contains(' ', StringComparison.Ordinal) ? [new("cell", "must have no space.")] : []);

    public Task<NodeCommandResult> Cordon(string reason, string actor)
    {
        Reason = reason;
        return Change(actor, view => view with { Health = NodeHealth.Cordoned, Reason = reason });
    }

    public Task<NodeCommandResult> Quarantine(string reason, string actor)
    {
        Reason = reason;
        var at = DateTimeOffset.UnixEpoch;
        return Change(actor, view => view with { Health = NodeHealth.Quarantined, Quarantine = new() { Fault = new(FaultKind.Operator, "", reason, at), Since = at, Until = DateTimeOffset.MaxValue } });
    }

    public Task<NodeCommandResult> Maintain(string reason, string actor)
    {
        Reason = reason;
        return Change(actor, view => view with { Health = NodeHealth.Maintenance, Reason = reason });
    }

    public Task ReportFault(NodeFault fault) => Task.CompletedTask;

    public Task<NodeCommandResult> Uncordon(string actor) => Change(actor, view => view with { Health = NodeHealth.Ready });

    public Task<NodeCommandResult> Drain(bool force, TimeSpan timeout, string actor)
    {
        DrainTimeout = timeout;
        return Change(actor, view => view with { Health = NodeHealth.Draining });
    }

    public Task<NodeCommandResult> Remove(bool force, string actor)
    {
        if (View is null) return Result(NodeCommandStatus.NotFound);
        if (View.Health == NodeHealth.Ready && !force) return Result(NodeCommandStatus.Conflict, new FieldError("", $"Node {id} is live."));
        View = null;
        return Result(NodeCommandStatus.Accepted);
    }

    public Task<NodeView?> Get() => Task.FromResult(View);

    public Task<NodeSummary?> Summarize() => throw new NotSupportedException();

    private Task<NodeCommandResult> Change(string actor, Func<NodeView, NodeView> change)
    {
        LastActor = actor;
        if (View is null) return Result(NodeCommandStatus.NotFound);
        View = change(View) with { Version = View.Version + 1 };
        return Result(NodeCommandStatus.Accepted);
    }

    private Task<NodeCommandResult> Result(NodeCommandStatus status, params FieldError[] errors) => Task.FromResult(new NodeCommandResult(status, View, errors));
}
