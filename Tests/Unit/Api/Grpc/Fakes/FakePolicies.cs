using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Tests.Unit.Api.Grpc.Fakes;

/// <summary>Policies with compare and set, as the grain does it.</summary>
internal sealed class FakePolicies
{
    public ConcurrentDictionary<string, Policy> Current { get; } = new(StringComparer.Ordinal);

    /// <summary>Runs before each write: a place for a rival.</summary>
    public Action<string>? BeforeWrite { get; set; }

    /// <summary>Errors that the next write finds.</summary>
    public IReadOnlyList<InferMesh.Grains.Abstractions.FieldError> Errors { get; set; } = [];

    public void AddTo(FakeGrains grains) => grains.Add<IPolicyGrain>(name => new Grain(this, name)).Add<IPolicyIndexGrain>(_ => new Index(this));

    private sealed class Grain(FakePolicies policies, string name) : IPolicyGrain
    {
        private readonly List<Policy> _history = [];

        public Task<Policy?> Get() => Task.FromResult(policies.Current.GetValueOrDefault(name));

        public Task<IReadOnlyList<FieldError>> Check(PolicySpec spec) => throw new NotSupportedException();

        public Task<PolicyResult> Put(PolicySpec spec, long expected, string actor) => Task.FromResult(Write(expected, version =>
            policies.Current[name] = new Policy { Name = name, Version = version, Spec = spec, ChangedBy = actor }));

        public Task<PolicyResult> Delete(long expected, string actor)
        {
            if (!policies.Current.TryGetValue(name, out var current)) return Task.FromResult(new PolicyResult(PolicyStatus.NotFound, null, 0, []));
            return Task.FromResult(Write(expected, version =>
            {
                policies.Current.TryRemove(name, out _);
                return current with { Version = version, Deleted = true };
            }));
        }

        public Task<IReadOnlyList<Policy>> History() => Task.FromResult<IReadOnlyList<Policy>>([.. _history.AsEnumerable().Reverse()]);

        public Task<PolicyResult> Rollback(long version, long expected, string actor) => throw new NotSupportedException();

        private PolicyResult Write(long expected, Func<long, Policy> write)
        {
            policies.BeforeWrite?.Invoke(name);
            if (policies.Errors.Count > 0) return new(PolicyStatus.Invalid, null, 0, policies.Errors);
            var version = policies.Current.TryGetValue(name, out var current) ? current.Version : 0;
            if (expected != PolicyVersions.Any && expected != version) return new(PolicyStatus.Conflict, current, version, []);
            var written = write(version + 1);
            _history.Add(written);
            return new(PolicyStatus.Accepted, written.Deleted ? null : written, written.Deleted ? 0 : written.Version, []);
        }
    }

    private sealed class Index(FakePolicies policies) : IPolicyIndexGrain
    {
        public Task<PolicyListing> List() => Task.FromResult(new PolicyListing(1, 1, [.. policies.Current.Values]));

        public Task Changed(Policy policy) => throw new NotSupportedException();

        public Task<PolicyListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => throw new NotSupportedException();
    }
}
