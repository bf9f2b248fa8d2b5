using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Events;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Endpoints;

/// <summary>Versions of one endpoint, newest first.</summary>
[GenerateSerializer, Alias("infermesh.EndpointState")]
internal sealed class EndpointState : IVersionedState<MeshEndpoint>
{
    [Id(0)] public List<MeshEndpoint> Versions { get; set; } = [];

    [Id(1)] public OutboxState Outbox { get; set; } = OutboxState.Empty;
}

/// <inheritdoc cref="IEndpointGrain"/>
/// <remarks>
/// Its names are claimed before a version is stored, and those that no version needs are freed after it, or by the next activation when this one did not come so far: the index
/// reads every endpoint within its period and so wakes it.
/// </remarks>
[GrainType(BackedUpTypes.Endpoint)]
internal sealed partial class EndpointGrain(
    [PersistentState("endpoint")] IPersistentState<EndpointState> state, TimeProvider time, ILogger<EndpointGrain> logger)
    : VersionedGrain<MeshEndpoint, EndpointSpec, EndpointState>(Kind, state, time, logger), IEndpointGrain, IBackedUpGrain
{
    private static readonly VersionedKind Kind = new("Endpoint", DirectoryKeys.Endpoints, EventTypes.EndpointCreated, EventTypes.EndpointUpdated, EventTypes.EndpointDeleted);

    private IEndpointNamesGrain Names => GrainFactory.GetGrain<IEndpointNamesGrain>(IEndpointNamesGrain.Key);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        await FreeNamesAsync();
    }

    public async Task<EndpointResult> Put(EndpointSpec spec, long expected, string actor)
    {
        spec = EndpointKeys.Complete(spec, Current?.Spec.Auth);
        if (await FaultsAsync(spec) is { Count: > 0 } errors) return Result(Refused(PolicyStatus.Invalid, errors));
        return Result(await GuardAsync(PutAsync(spec, expected, actor)));
    }

    public async Task<IReadOnlyList<FieldError>> Check(EndpointSpec spec)
    {
        spec = EndpointKeys.Complete(spec, Current?.Spec.Auth);
        return await FaultsAsync(spec) is { Count: > 0 } errors ? errors : await ObstaclesAsync(spec);
    }

    public async Task<EndpointResult> Delete(long expected, string actor) => Result(await GuardAsync(DeleteAsync(expected, actor)));

    public async Task<EndpointResult> Rollback(long version, long expected, string actor) => Result(await GuardAsync(RollbackAsync(version, expected, actor)));

    protected override EndpointSpec SpecOf(MeshEndpoint version) => version.Spec;

    protected override MeshEndpoint Make(EndpointSpec spec, long version, DateTimeOffset at, string actor, bool deleted) =>
        new() { Name = Name, Version = version, Spec = spec, ChangedAt = at, ChangedBy = actor, Deleted = deleted };

    protected override async Task<IReadOnlyList<FieldError>> FaultsAsync(EndpointSpec spec) => EndpointValidator.Check(Name, spec, await PluginRules.FindAsync(GrainFactory, spec.Routing));

    protected override Task<IReadOnlyList<FieldError>> RestoreFaultsAsync(EndpointSpec spec) => FaultsAsync(spec with { Routing = PluginRules.WithoutPlugin(spec.Routing) });

    protected override Task<IReadOnlyList<FieldError>> LapsesAsync(EndpointSpec spec) => PluginRules.LapsesAsync(GrainFactory, spec.Routing);

    protected override async Task<IReadOnlyList<FieldError>> ObstaclesAsync(EndpointSpec spec) => TakenNames(spec, await Names.Taken(Name, [Name, .. spec.Aliases]));

    protected override async Task<IReadOnlyList<FieldError>> PrepareAsync(EndpointSpec spec, bool deleted)
    {
        if (deleted) return [];
        return TakenNames(spec, await Names.Claim(Name, [Name, .. spec.Aliases]));
    }

    protected override async Task PublishAsync(MeshEndpoint version)
    {
        await FreeNamesAsync();
        await GrainFactory.GetGrain<IEndpointIndexGrain>(IEndpointIndexGrain.Key).Changed(version);
    }

    private FieldError[] TakenNames(EndpointSpec spec, IReadOnlyDictionary<string, string> taken)
    {
        FieldError[] errors = taken.TryGetValue(Name, out var other) ? [new("name", $"'{Name}' is an alias of endpoint {other}.")] : [];
        return [.. errors, .. spec.Aliases.Index().Where(a => taken.ContainsKey(a.Item)).Select(a => new FieldError($"aliases[{a.Index}]", $"'{a.Item}' belongs to endpoint {taken[a.Item]}."))];
    }

    private async Task<Change<MeshEndpoint>> GuardAsync(Task<Change<MeshEndpoint>> write)
    {
        try
        {
            return await write;
        }
        catch
        {
            // Whether the version is stored only the storage knows: the next activation frees the names that it does not have.
            DeactivateOnIdle();
            throw;
        }
    }

    private async Task FreeNamesAsync()
    {
        try
        {
            await Names.KeepOnly(Name, [.. Current?.AllNames() ?? []]);
        }
        catch (Exception e)
        {
            NotFreed(Name, e.Message);
            DeactivateOnIdle();
        }
    }

    private static EndpointResult Result(Change<MeshEndpoint> change) => new(change.Status, change.Current, change.CurrentVersion, change.Errors);

    [LoggerMessage(LogLevel.Warning, "Endpoint {Endpoint} could not free the names that it no longer has, and tries again: {Reason}")]
    private partial void NotFreed(string endpoint, string reason);
}
