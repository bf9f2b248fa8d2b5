using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Models;

/// <summary>What an agent is to do to the runtimes of its node, and what came of it. Held in memory: what is lost is planned anew. Key: node id.</summary>
[Alias("infermesh.INodeModelsGrain")]
public interface INodeModelsGrain : IGrainWithStringKey
{
    /// <summary>Takes commands; those that are under way already, or failed so lately that it is too early, are left out.</summary>
    /// <returns>The state afterwards.</returns>
    [AlwaysInterleave, Alias("Assign")] Task<NodeModels> Assign(IReadOnlyList<ModelCommand> commands);

    /// <summary>Takes commands whatever failed before, and waits for what comes of them.</summary>
    /// <param name="commands">Commands.</param>
    /// <param name="wait">How long to wait at most; below the response timeout.</param>
    /// <returns>Results in the order of the commands; null for one that is still under way.</returns>
    [AlwaysInterleave, Alias("Execute")] Task<IReadOnlyList<CommandResult?>> Execute(IReadOnlyList<ModelCommand> commands, TimeSpan wait);

    /// <summary>Called by the agent: says what it controls, and returns what it has to do as soon as that differs from what it has, or null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("Watch")] Task<NodeAssignment?> Watch(long version, IReadOnlyList<ControlledRuntime> runtimes, TimeSpan wait);

    /// <summary>Called by the agent: what came of commands. Results of commands that nobody waits for are dropped.</summary>
    [AlwaysInterleave, Alias("Done")] Task Done(IReadOnlyList<CommandResult> results);

    /// <summary>The state.</summary>
    [AlwaysInterleave, Alias("Get")] Task<NodeModels> Get();
}

/// <summary>What is done to a runtime.</summary>
[GenerateSerializer, Alias("infermesh.ModelAction")]
public enum ModelAction : byte
{
    /// <summary>Makes a model ready to serve.</summary>
    Load = 0,

    /// <summary>Takes a model away.</summary>
    Unload,

    /// <summary>Adds a LoRA adapter.</summary>
    LoadAdapter,

    /// <summary>Takes a LoRA adapter away.</summary>
    UnloadAdapter,

    /// <summary>Frees the memory of a runtime that keeps its process.</summary>
    Sleep,

    /// <summary>Makes the model of a sleeping runtime ready again.</summary>
    Wake,
}

/// <summary>A runtime that an agent may change.</summary>
/// <param name="Endpoint">Base URL that requests go to: its name in readings too.</param>
/// <param name="Runtime">Kind, such as <c>triton</c>.</param>
/// <param name="Gpu">GPU type; "" when unknown.</param>
/// <param name="Actions">What its kind can do.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ControlledRuntime")]
public sealed record ControlledRuntime(
    [property: Id(0)] string Endpoint, [property: Id(1)] string Runtime, [property: Id(2)] string Gpu, [property: Id(3)] IReadOnlyList<ModelAction> Actions);

/// <summary>One thing to do to a runtime of a node.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.ModelCommand")]
public sealed record ModelCommand
{
    /// <summary>Id; "" until the node's grain gives it one.</summary>
    [Id(0)] public string Id { get; init; } = "";

    /// <summary>What to do.</summary>
    [Id(1)] public ModelAction Action { get; init; }

    /// <summary>Base URL of the runtime.</summary>
    [Id(2)] public required string Endpoint { get; init; }

    /// <summary>Model.</summary>
    [Id(3)] public required string Model { get; init; }

    /// <summary>Adapter; "" when it is about the model.</summary>
    [Id(4)] public string Adapter { get; init; } = "";

    /// <summary>Where the runtime finds it; "" where it knows.</summary>
    [Id(5)] public string Source { get; init; } = "";

    /// <summary>Whether both do the same.</summary>
    public bool IsSame(ModelCommand other) => (Action, Endpoint, Model, Adapter) == (other.Action, other.Endpoint, other.Model, other.Adapter);
}

/// <summary>What came of a command.</summary>
/// <param name="Id">Id of the command.</param>
/// <param name="Error">Why it failed, with the names of runtime and operation; "" when it is done.</param>
/// <param name="Unsupported">The runtime has no such operation: repeating it is of no use.</param>
/// <param name="Seconds">How long it took, seconds.</param>
[GenerateSerializer, Immutable, Alias("infermesh.CommandResult")]
public sealed record CommandResult([property: Id(0)] string Id, [property: Id(1)] string Error, [property: Id(2)] bool Unsupported, [property: Id(3)] double Seconds)
{
    /// <summary>The runtime says that it is done.</summary>
    public bool IsDone => Error.Length == 0;
}

/// <summary>All that an agent has to do now.</summary>
/// <param name="Version">Changes with each change, also over the lives of the grain.</param>
/// <param name="Commands">Commands; one that an agent knows by its id it does not begin again.</param>
[GenerateSerializer, Immutable, Alias("infermesh.NodeAssignment")]
public sealed record NodeAssignment([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<ModelCommand> Commands);

/// <summary>What is done to the runtimes of a node.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.NodeModels")]
public sealed record NodeModels
{
    /// <summary>Node id.</summary>
    [Id(0)] public required string NodeId { get; init; }

    /// <summary>Runtimes that an agent may change; empty when none is there to do it.</summary>
    [Id(1)] public IReadOnlyList<ControlledRuntime> Runtimes { get; init; } = [];

    /// <summary>What is under way, or done so lately that readings may not show it yet.</summary>
    [Id(2)] public IReadOnlyList<ModelCommand> UnderWay { get; init; } = [];

    /// <summary>What failed last and has not succeeded since.</summary>
    [Id(3)] public IReadOnlyList<CommandFailure> Failures { get; init; } = [];
}

/// <summary>A command that failed.</summary>
/// <param name="Command">Command.</param>
/// <param name="Error">Why.</param>
/// <param name="At">When.</param>
/// <param name="Attempts">Failures in a row.</param>
/// <param name="RetryAt">When it may be tried again.</param>
[GenerateSerializer, Immutable, Alias("infermesh.CommandFailure")]
public sealed record CommandFailure(
    [property: Id(0)] ModelCommand Command, [property: Id(1)] string Error, [property: Id(2)] DateTimeOffset At, [property: Id(3)] int Attempts, [property: Id(4)] DateTimeOffset RetryAt);
