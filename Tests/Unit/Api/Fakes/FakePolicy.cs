using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Tests.Unit.Api.Fakes;

internal sealed class FakePolicy(string name) : IPolicyGrain
{
    private readonly List<Policy> _versions = [];

    public Policy? Current => _versions is [.., { Deleted: false } newest] ? newest : null;

    public Task<Policy?> Get() => Task.FromResult(Current);

    /// <summary>Thrown by the next put.</summary>
    public Exception? FailNextPut { get; set; }

    public Task<PolicyResult> Put(PolicySpec spec, long expected, string actor)
    {
        if (FailNextPut is { } failure)
        {
            FailNextPut = null;
            throw failure;
        }
        if (spec.Priority > 1000) return Task.FromResult(new PolicyResult(PolicyStatus.Invalid, Current, Version, [new FieldError("priority", "is out of range."), new FieldError("routing.strategy", "is not known.")]));
        return Task.FromResult(Refusal(expected) ?? Write(spec, false, actor));
    }

    public Task<IReadOnlyList<FieldError>> Check(PolicySpec spec) =>
        Task.FromResult<IReadOnlyList<FieldError>>(spec.Priority > 1000 ? [new("priority", "is out of range."), new("routing.strategy", "is not known.")] : []);

    public Task<PolicyResult> Delete(long expected, string actor) => Task.FromResult(
        Current is not { } current ? new(PolicyStatus.NotFound, null, 0, []) : Refusal(expected) ?? Write(current.Spec, true, actor));

    public Task<IReadOnlyList<Policy>> History() => Task.FromResult<IReadOnlyList<Policy>>([.. Enumerable.Reverse(_versions)]);

    public Task<PolicyResult> Rollback(long version, long expected, string actor) => Task.FromResult(
        _versions.FirstOrDefault(v => v.Version == version) is not { Deleted: false } old
            ? new(PolicyStatus.NotFound, Current, Version, [])
            : Refusal(expected) ?? Write(old.Spec, false, actor));

    private long Version => Current?.Version ?? 0;

    private PolicyResult? Refusal(long expected) =>
        expected == PolicyVersions.Any || expected == Version ? null : new(PolicyStatus.Conflict, Current, Version, []);

    private PolicyResult Write(PolicySpec spec, bool deleted, string actor)
    {
        var policy = new Policy { Name = name, Version = _versions.Count + 1, Spec = spec, ChangedBy = actor, Deleted = deleted };
        _versions.Add(policy);
        return new(PolicyStatus.Accepted, deleted ? null : policy, deleted ? 0 : policy.Version, []);
    }
}

internal sealed class FakePolicyIndex(FakeMesh mesh) : IPolicyIndexGrain
{
    public Task Changed(Policy policy) => throw new NotSupportedException();

    public Task<PolicyListing> List() => Task.FromResult(new PolicyListing(
        1, 1, [.. mesh.Policies.Select(p => p.Current).OfType<Policy>().OrderBy(p => p.Name, StringComparer.Ordinal)]));

    public Task<PolicyListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => throw new NotSupportedException();
}
