using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Events;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Policies;

/// <summary>Versions of one policy, newest first.</summary>
[GenerateSerializer, Alias("infermesh.PolicyState")]
internal sealed class PolicyState : IVersionedState<Policy>
{
    [Id(0)] public List<Policy> Versions { get; set; } = [];

    [Id(1)] public OutboxState Outbox { get; set; } = OutboxState.Empty;
}

/// <inheritdoc cref="IPolicyGrain"/>
[GrainType(BackedUpTypes.Policy)]
internal sealed class PolicyGrain([PersistentState("policy")] IPersistentState<PolicyState> state, TimeProvider time, ILogger<PolicyGrain> logger)
    : VersionedGrain<Policy, PolicySpec, PolicyState>(Kind, state, time, logger), IPolicyGrain, IBackedUpGrain
{
    private static readonly VersionedKind Kind = new("Policy", DirectoryKeys.Policies, EventTypes.PolicyCreated, EventTypes.PolicyUpdated, EventTypes.PolicyDeleted);

    public async Task<PolicyResult> Put(PolicySpec spec, long expected, string actor)
    {
        if (PolicyValidator.Check(Name, spec, await PluginRules.FindAsync(GrainFactory, spec.Routing)) is { Count: > 0 } errors) return Result(Refused(PolicyStatus.Invalid, errors));
        if (Refusal(expected) is null && OtherKind(spec) is { } otherKind) return Result(Refused(PolicyStatus.Invalid, otherKind));
        return Result(await PutAsync(spec, expected, actor));
    }

    public Task<IReadOnlyList<FieldError>> Check(PolicySpec spec) => FaultsAsync(spec);

    public async Task<PolicyResult> Delete(long expected, string actor) => Result(await DeleteAsync(expected, actor));

    public async Task<PolicyResult> Rollback(long version, long expected, string actor) => Result(await RollbackAsync(version, expected, actor));

    protected override PolicySpec SpecOf(Policy version) => version.Spec;

    protected override Policy Make(PolicySpec spec, long version, DateTimeOffset at, string actor, bool deleted) =>
        new() { Name = Name, Version = version, Spec = spec, ChangedAt = at, ChangedBy = actor, Deleted = deleted };

    protected override async Task<IReadOnlyList<FieldError>> FaultsAsync(PolicySpec spec)
    {
        var faults = PolicyValidator.Check(Name, spec, await PluginRules.FindAsync(GrainFactory, spec.Routing));
        return OtherKind(spec) is { } otherKind ? [.. faults, otherKind] : faults;
    }

    protected override Task<IReadOnlyList<FieldError>> RestoreFaultsAsync(PolicySpec spec) => FaultsAsync(spec with { Routing = PluginRules.WithoutPlugin(spec.Routing) });

    protected override Task<IReadOnlyList<FieldError>> LapsesAsync(PolicySpec spec) => PluginRules.LapsesAsync(GrainFactory, spec.Routing);

    protected override IEnumerable<(string Key, string Value)> Facts(PolicySpec spec) => [("kind", Word(spec))];

    protected override Task PublishAsync(Policy version) => GrainFactory.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).Changed(version);

    private FieldError? OtherKind(PolicySpec spec) => Current is { } current && current.Spec.Kind != spec.Kind
        ? new FieldError("kind", $"cannot change from {Word(current.Spec)}: delete the policy and create it anew.")
        : null;

    private static string Word(PolicySpec spec) => spec.Kind.ToString().ToLowerInvariant();

    private static PolicyResult Result(Change<Policy> change) => new(change.Status, change.Current, change.CurrentVersion, change.Errors);
}
