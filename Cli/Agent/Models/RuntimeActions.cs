using InferMesh.Adapters.Runtimes;
using InferMesh.State.V1;
using Wire = InferMesh.State.V1.RuntimeCommand;

namespace InferMesh.Cli.Agent.Models;

/// <summary>Commands of the mesh in the words of the runtimes' controls.</summary>
internal static class RuntimeActions
{
    private static readonly Dictionary<ModelAction, RuntimeOperation> Operations = new()
    {
        [ModelAction.Load] = RuntimeOperation.LoadModel,
        [ModelAction.Unload] = RuntimeOperation.UnloadModel,
        [ModelAction.LoadAdapter] = RuntimeOperation.LoadAdapter,
        [ModelAction.UnloadAdapter] = RuntimeOperation.UnloadAdapter,
        [ModelAction.Sleep] = RuntimeOperation.Sleep,
        [ModelAction.Wake] = RuntimeOperation.Wake,
    };

    /// <summary>What of a control the mesh can make use of.</summary>
    public static IEnumerable<ModelAction> Of(IRuntimeControl control) => Operations.Where(o => control.Operations.Contains(o.Value)).Select(o => o.Key);

    /// <summary>The command for the control; null when this version does not know the action.</summary>
    public static Adapters.Runtimes.RuntimeCommand? ToControl(Wire command) => Operations.TryGetValue(command.Action, out var operation)
        ? new() { Operation = operation, Model = command.Adapter.Length > 0 ? command.Adapter : command.Model, Source = command.Source.Length > 0 ? command.Source : null }
        : null;
}
