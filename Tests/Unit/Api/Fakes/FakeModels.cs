using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Models;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Registered models with compare and set, their index, and a planner that says what a test tells it.</summary>
internal sealed class FakeModels : IModelIndexGrain, IModelPlannerGrain
{
    private readonly ConcurrentDictionary<string, FakeModel> _models = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _models.Keys;

    public List<ModelStatus> Statuses { get; } = [];

    public ModelPreview Preview { get; set; } = new([], 0, new Dictionary<string, int>());

    public FakeModel Model(string name) => _models.GetOrAdd(name, key => new FakeModel(key));

    public Task<ModelListing> List() => Task.FromResult(new ModelListing(1, 1, [.. _models.Values.Select(m => m.Newest).OfType<MeshModel>().OrderBy(m => m.Name, StringComparer.Ordinal)]));

    public Task<IReadOnlyList<ModelStatus>> Status(string model) => Task.FromResult<IReadOnlyList<ModelStatus>>([.. Statuses.Where(s => model.Length == 0 || s.Name == model)]);

    public Task<ModelPreview> DryRun(string model, ModelSpec spec) => Task.FromResult(Preview);

    public Task Changed(MeshModel model) => throw new NotSupportedException();

    public Task Announce(NodeModels node) => throw new NotSupportedException();

    public Task Wake() => throw new NotSupportedException();
}

internal sealed class FakeModel(string name) : IModelGrain
{
    private readonly List<MeshModel> _versions = [];

    public MeshModel? Newest => _versions is [.., var newest] ? newest : null;

    public MeshModel? Current => Newest is { Deleted: false } model ? model : null;

    public List<ColdStart> Learned { get; } = [];

    public Task<MeshModel?> Get() => Task.FromResult(Current);

    public Task<IReadOnlyList<FieldError>> Check(ModelSpec spec) => Task.FromResult(ModelValidator.Check(name, spec));

    public Task<ModelResult> Put(ModelSpec spec, long expected, string actor) => Task.FromResult(
        ModelValidator.Check(name, spec) is { Count: > 0 } errors ? new(PolicyStatus.Invalid, Current, Current?.Version ?? 0, errors) : Refusal(expected) ?? Write(spec, actor, false));

    public Task<ModelResult> Delete(long expected, string actor) =>
        Task.FromResult(Current is not { } current ? new(PolicyStatus.NotFound, null, 0, []) : Refusal(expected) ?? Write(current.Spec, actor, true));

    public Task<IReadOnlyList<MeshModel>> History() => Task.FromResult<IReadOnlyList<MeshModel>>([.. Enumerable.Reverse(_versions)]);

    public Task Learn(string gpu, double seconds)
    {
        Learned.Add(new(gpu, seconds, 1));
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ColdStart>> ColdStarts() => Task.FromResult<IReadOnlyList<ColdStart>>(Learned);

    private ModelResult? Refusal(long expected) => expected == PolicyVersions.Any || expected == (Current?.Version ?? 0) ? null : new(PolicyStatus.Conflict, Current, Current?.Version ?? 0, []);

    private ModelResult Write(ModelSpec spec, string actor, bool deleted)
    {
        _versions.Add(new() { Name = name, Version = _versions.Count + 1, Spec = spec, ChangedBy = actor, Deleted = deleted });
        return new(PolicyStatus.Accepted, Current, Current?.Version ?? 0, []);
    }
}

/// <summary>What an agent does to a node's runtimes: a test says what it controls and what comes of each command.</summary>
internal sealed class FakeNodeModels(string node) : INodeModelsGrain
{
    private readonly TaskCompletionSource _never = new();

    public IReadOnlyList<ControlledRuntime> Runtimes { get; set; } = [];

    public ConcurrentQueue<ModelCommand> Executed { get; } = [];

    public ConcurrentQueue<CommandResult> Results { get; } = [];

    public ConcurrentQueue<NodeAssignment> Assignments { get; } = [];

    /// <summary>What comes of a command; null is still under way.</summary>
    public Func<ModelCommand, CommandResult?> Outcome { get; set; } = _ => new("", "", false, 1);

    public Task<NodeModels> Get() => Task.FromResult(new NodeModels { NodeId = node, Runtimes = Runtimes });

    public Task<NodeModels> Assign(IReadOnlyList<ModelCommand> commands) => throw new NotSupportedException();

    public Task<IReadOnlyList<CommandResult?>> Execute(IReadOnlyList<ModelCommand> commands, TimeSpan wait)
    {
        foreach (var command in commands) Executed.Enqueue(command);
        return Task.FromResult<IReadOnlyList<CommandResult?>>([.. commands.Select(Outcome)]);
    }

    public async Task<NodeAssignment?> Watch(long version, IReadOnlyList<ControlledRuntime> runtimes, TimeSpan wait)
    {
        Runtimes = runtimes;
        if (Assignments.TryDequeue(out var assignment)) return assignment;
        await Task.WhenAny(_never.Task, Task.Delay(50));
        return null;
    }

    public Task Done(IReadOnlyList<CommandResult> results)
    {
        foreach (var result in results) Results.Enqueue(result);
        return Task.CompletedTask;
    }
}
