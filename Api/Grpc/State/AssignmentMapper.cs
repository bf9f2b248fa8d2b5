using InferMesh.Grains.Abstractions.Models;
using Wire = InferMesh.State.V1;

namespace InferMesh.Api.Grpc.State;

/// <summary>Assignments between the wire and the contracts.</summary>
internal static class AssignmentMapper
{
    /// <summary>The wire has an "unspecified" before the first action.</summary>
    private const int Shift = 1;

    public static bool IsKnown(Wire.ModelAction action) => action != Wire.ModelAction.Unspecified && Enum.IsDefined(action);

    public static ControlledRuntime ToContract(Wire.ControlledRuntime runtime) => new(runtime.Endpoint, runtime.Runtime, runtime.Gpu, [.. runtime.Actions.Distinct().Select(a => (ModelAction)((int)a - Shift))]);

    public static CommandResult ToContract(Wire.CommandResult result) =>
        // A failure that does not say why is one nevertheless.
        new(result.Id, result is { Unsupported: true, Error.Length: 0 } ? "The runtime has no such operation." : result.Error, result.Unsupported, result.Seconds);

    public static Wire.NodeAssignment ToProto(NodeAssignment assignment) => new() { Version = assignment.Version, Commands = { assignment.Commands.Select(ToProto) } };

    private static Wire.RuntimeCommand ToProto(ModelCommand command) => new()
    {
        Id = command.Id,
        Action = (Wire.ModelAction)((int)command.Action + Shift),
        Endpoint = command.Endpoint,
        Model = command.Model,
        Adapter = command.Adapter,
        Source = command.Source,
    };
}
