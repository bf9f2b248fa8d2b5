using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Events;
using InferMesh.Grains.Versions;

namespace InferMesh.Grains.Policies;

/// <summary>Versions of one policy, newest first.</summary>
[GenerateSerializer, Alias("infermesh.PolicyState")]
internal sealed class PolicyState : IVersionedState<Policy>
{
    [Id(0)] public List<Policy> Versions { get; set; } = [];
}

/// <inheritdoc cref="IPolicyGrain"/>
[GrainType("policy")]
internal sealed class PolicyGrain([PersistentState("policy")] IPersistentState<PolicyState> state, TimeProvider time, EventSink events, ILogger<PolicyGrain> logger)
    : VersionedGrain<Policy, PolicySpec, PolicyState>(Kind, state, time, events, logger), IPolicyGrain
{
    private static readonly VersionedKind Kind = new("Policy", DirectoryKeys.Policies, EventTypes.PolicyCreated, EventTypes.PolicyUpdated, EventTypes.PolicyDeleted);

    public async Task<PolicyResult> Put(PolicySpec spec, long expected, string actor)
    {
        if (PolicyValidator.Check(Name, spec) is { Count: > 0 } errors) return Result(Refused(PolicyStatus.Invalid, errors));
        if (Refusal(expected) is null && Current is { } current && current.Spec.Kind != spec.Kind)
            return Result(Refused(PolicyStatus.Invalid, new FieldError("kind", $"cannot change from {Word(current.Spec)}: delete the policy and create it anew.")));
        return Result(await PutAsync(spec, expected, actor));
    }

    public async Task<PolicyResult> Delete(long expected, string actor) => Result(await DeleteAsync(expected, actor));

    public async Task<PolicyResult> Rollback(long version, long expected, string actor) => Result(await RollbackAsync(version, expected, actor));

    protected override PolicySpec SpecOf(Policy version) => version.Spec;

    protected override Policy Make(PolicySpec spec, long version, DateTimeOffset at, string actor, bool deleted) =>
        new() { Name = Name, Version = version, Spec = spec, ChangedAt = at, ChangedBy = actor, Deleted = deleted };

    protected override IEnumerable<(string Key, string Value)> Facts(PolicySpec spec) => [("kind", Word(spec))];

    protected override Task PublishAsync(Policy version) => GrainFactory.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).Changed(version);

    private static string Word(PolicySpec spec) => spec.Kind.ToString().ToLowerInvariant();

    private static PolicyResult Result(Change<Policy> change) => new(change.Status, change.Current, change.CurrentVersion, change.Errors);
}
