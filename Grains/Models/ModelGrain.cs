using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Events;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Models;

/// <summary>Versions of one model, newest first, and how long its loads took.</summary>
[GenerateSerializer, Alias("infermesh.ModelState")]
internal sealed class ModelState : IVersionedState<MeshModel>
{
    [Id(0)] public List<MeshModel> Versions { get; set; } = [];

    [Id(1)] public List<ColdStart> ColdStarts { get; set; } = [];

    [Id(2)] public OutboxState Outbox { get; set; } = OutboxState.Empty;
}

/// <inheritdoc cref="IModelGrain"/>
[GrainType(BackedUpTypes.Model)]
internal sealed class ModelGrain([PersistentState("model")] IPersistentState<ModelState> state, TimeProvider time, ILogger<ModelGrain> logger)
    : VersionedGrain<MeshModel, ModelSpec, ModelState>(Kind, state, time, logger), IModelGrain, IBackedUpGrain
{
    /// <summary>Types of GPU of which loads are remembered.</summary>
    private const int MaxGpuTypes = 64;

    private static readonly VersionedKind Kind = new("Model", DirectoryKeys.Models, EventTypes.ModelRegistered, EventTypes.ModelChanged, EventTypes.ModelRemoved);

    public async Task<ModelResult> Put(ModelSpec spec, long expected, string actor) =>
        ModelValidator.Check(Name, spec) is { Count: > 0 } errors ? Result(Refused(PolicyStatus.Invalid, errors)) : Result(await PutAsync(spec, expected, actor));

    public Task<IReadOnlyList<FieldError>> Check(ModelSpec spec) => FaultsAsync(spec);

    public async Task<ModelResult> Delete(long expected, string actor) => Result(await DeleteAsync(expected, actor));

    public async Task Learn(string gpu, double seconds)
    {
        if (Current is null || !double.IsFinite(seconds) || seconds < 0) return;
        var before = Stored.ColdStarts;
        Stored.ColdStarts = [ColdStartHistory.After(before.FirstOrDefault(c => c.Gpu == gpu), gpu, seconds), .. before.Where(c => c.Gpu != gpu).Take(MaxGpuTypes - 1)];
        try
        {
            await StoreAsync();
        }
        catch
        {
            Stored.ColdStarts = before;
            throw;
        }
    }

    public Task<IReadOnlyList<ColdStart>> ColdStarts() => Task.FromResult<IReadOnlyList<ColdStart>>([.. Stored.ColdStarts.OrderBy(c => c.Gpu, StringComparer.Ordinal)]);

    protected override ModelSpec SpecOf(MeshModel version) => version.Spec;

    protected override MeshModel Make(ModelSpec spec, long version, DateTimeOffset at, string actor, bool deleted) => new()
    {
        Name = Name,
        Version = version,
        Spec = spec,
        ChangedAt = at,
        ChangedBy = actor,
        Deleted = deleted,
        RetiredAdapters = deleted || Current is not { } before ? [] : [.. before.Spec.Adapters.Keys.Union(before.RetiredAdapters).Except(spec.Adapters.Keys).Order(StringComparer.Ordinal)],
    };

    protected override Task<IReadOnlyList<FieldError>> FaultsAsync(ModelSpec spec) => Task.FromResult(ModelValidator.Check(Name, spec));

    protected override async Task PublishAsync(MeshModel version)
    {
        await GrainFactory.GetGrain<IModelIndexGrain>(IModelIndexGrain.Key).Changed(version);
        await GrainFactory.GetGrain<IModelPlannerGrain>(IModelPlannerGrain.Key).Wake();
    }

    private static ModelResult Result(Change<MeshModel> change) => new(change.Status, change.Current, change.CurrentVersion, change.Errors);
}
