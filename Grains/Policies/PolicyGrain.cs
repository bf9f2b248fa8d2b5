using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Policies;

/// <summary>Versions of one policy, newest first.</summary>
[GenerateSerializer, Alias("infermesh.PolicyState")]
internal sealed class PolicyState
{
    [Id(0)] public List<Policy> Versions { get; set; } = [];
}

/// <inheritdoc cref="IPolicyGrain"/>
[GrainType("policy")]
internal sealed partial class PolicyGrain([PersistentState("policy")] IPersistentState<PolicyState> state, TimeProvider time, EventSink events, ILogger<PolicyGrain> logger)
    : Grain, IPolicyGrain
{
    // What is stored, never what is being written: Get may come in between.
    private IReadOnlyList<Policy> _versions = [];

    private string Name => this.GetPrimaryKeyString();

    private Policy? Current => _versions is [{ Deleted: false } newest, ..] ? newest : null;

    private long LastVersion => _versions is [var newest, ..] ? newest.Version : 0;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _versions = [.. state.State.Versions];
        return Task.CompletedTask;
    }

    public Task<Policy?> Get() => Task.FromResult(Current);

    public Task<IReadOnlyList<Policy>> History() => Task.FromResult(_versions);

    public async Task<PolicyResult> Put(PolicySpec spec, long expected, string actor)
    {
        if (PolicyValidator.Check(Name, spec) is { Count: > 0 } errors) return new(PolicyStatus.Invalid, Current, Current?.Version ?? 0, errors);
        if (Refusal(expected) is { } refusal) return refusal;
        if (Current is { } current && current.Spec.Kind != spec.Kind)
        {
            return new(PolicyStatus.Invalid, current, current.Version,
                [new("kind", $"cannot change from {current.Spec.Kind.ToString().ToLowerInvariant()}: delete the policy and create it anew.")]);
        }
        return await WriteAsync(spec, deleted: false, actor);
    }

    public async Task<PolicyResult> Delete(long expected, string actor)
    {
        if (Current is not { } current) return new(PolicyStatus.NotFound, null, 0, []);
        return Refusal(expected) ?? await WriteAsync(current.Spec, deleted: true, actor);
    }

    public async Task<PolicyResult> Rollback(long version, long expected, string actor)
    {
        if (_versions.FirstOrDefault(v => v.Version == version) is not { Deleted: false } old)
            return new(PolicyStatus.NotFound, Current, Current?.Version ?? 0, [new("version", $"Version {version} of {Name} is not kept, or is a deletion.")]);
        return Refusal(expected) ?? await WriteAsync(old.Spec, deleted: false, actor);
    }

    private PolicyResult? Refusal(long expected)
    {
        var version = Current?.Version ?? PolicyVersions.None;
        return expected == PolicyVersions.Any || expected == version ? null : new(PolicyStatus.Conflict, Current, version, []);
    }

    private async Task<PolicyResult> WriteAsync(PolicySpec spec, bool deleted, string actor)
    {
        var existed = Current is not null;
        var policy = new Policy { Name = Name, Version = LastVersion + 1, Spec = spec, ChangedAt = time.GetUtcNow(), ChangedBy = actor, Deleted = deleted };
        // The name first: an index that rebuilds after a crash in between finds the policy, or finds that there is none.
        if (!existed) await GrainFactory.GetGrain<IDirectoryGrain>(DirectoryKeys.Policies).Add(Name);
        state.State.Versions = [policy, .. _versions.Take(PolicyVersions.HistoryLength - 1)];
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State.Versions = [.. _versions];
            throw;
        }
        _versions = [.. state.State.Versions];

        events.Post(deleted ? EventTypes.PolicyDeleted : existed ? EventTypes.PolicyUpdated : EventTypes.PolicyCreated, Name, actor,
            ("version", policy.Version.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("kind", spec.Kind.ToString().ToLowerInvariant()));
        Written(Name, policy.Version, deleted ? "deleted" : "written", actor);
        await PublishAsync(policy);
        return new(PolicyStatus.Accepted, deleted ? null : policy, deleted ? 0 : policy.Version, []);
    }

    private async Task PublishAsync(Policy policy)
    {
        try
        {
            await GrainFactory.GetGrain<IPolicyIndexGrain>(IPolicyIndexGrain.Key).Changed(policy);
        }
        catch (Exception e)
        {
            // Stored is stored: the index reads all policies again within its period.
            NotPublished(Name, policy.Version, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Policy {Policy} version {Version} {Change} by {Actor}")]
    private partial void Written(string policy, long version, string change, string actor);

    [LoggerMessage(LogLevel.Warning, "Policy {Policy} version {Version} has not reached the index yet: {Reason}")]
    private partial void NotPublished(string policy, long version, string reason);
}
