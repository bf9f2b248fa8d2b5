using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Endpoints;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Endpoints with compare and set, names of their own and an index, as the grains do it.</summary>
internal sealed class FakeEndpoints : IEndpointIndexGrain
{
    private readonly ConcurrentDictionary<string, FakeEndpoint> _endpoints = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 1;

    public IEnumerable<MeshEndpoint> Current => _endpoints.Values.Select(e => e.Current).OfType<MeshEndpoint>().OrderBy(e => e.Name, StringComparer.Ordinal);

    public IEnumerable<string> Names => _endpoints.Keys;

    /// <summary>The index does not answer as long as this is set.</summary>
    public bool Silent { get; set; }

    public IEndpointGrain Endpoint(string name) => _endpoints.GetOrAdd(name, key => new FakeEndpoint(this, key));

    public async Task PutAsync(string name, EndpointSpec spec)
    {
        var result = await Endpoint(name).Put(spec, PolicyVersions.Any, "test");
        Assert.AreEqual(PolicyStatus.Accepted, result.Status, string.Join("; ", result.Errors));
    }

    public Task Changed(MeshEndpoint endpoint)
    {
        lock (_gate)
        {
            _version++;
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        return Task.CompletedTask;
    }

    public Task<EndpointListing> List() => Task.FromResult(new EndpointListing(1, _version, [.. Current]));

    public async Task<EndpointListing?> WaitForNewer(long incarnation, long version, TimeSpan wait)
    {
        if (Silent) throw new TimeoutException("The index does not answer.");
        Task changed;
        lock (_gate) changed = incarnation == 1 && version == _version ? _changed.Task : Task.CompletedTask;
        await Task.WhenAny(changed, Task.Delay(wait));
        return changed.IsCompleted ? await List() : null;
    }
}

internal sealed class FakeEndpoint(FakeEndpoints all, string name) : IEndpointGrain
{
    private readonly List<MeshEndpoint> _versions = [];

    public MeshEndpoint? Current => _versions is [.., { Deleted: false } newest] ? newest : null;

    private long Version => Current?.Version ?? 0;

    public Task<MeshEndpoint?> Get() => Task.FromResult(Current);

    public Task<IReadOnlyList<MeshEndpoint>> History() => Task.FromResult<IReadOnlyList<MeshEndpoint>>([.. Enumerable.Reverse(_versions)]);

    public async Task<EndpointResult> Put(EndpointSpec spec, long expected, string actor)
    {
        spec = EndpointKeys.Complete(spec, Current?.Spec.Auth);
        if (EndpointValidator.Check(name, spec) is { Count: > 0 } errors) return new(PolicyStatus.Invalid, Current, Version, errors);
        return Refusal(expected) ?? await WriteAsync(spec, false, actor);
    }

    public Task<IReadOnlyList<FieldError>> Check(EndpointSpec spec) => Task.FromResult(EndpointValidator.Check(name, EndpointKeys.Complete(spec, Current?.Spec.Auth)));

    public async Task<EndpointResult> Delete(long expected, string actor) =>
        Current is not { } current ? new(PolicyStatus.NotFound, null, 0, []) : Refusal(expected) ?? await WriteAsync(current.Spec, true, actor);

    public async Task<EndpointResult> Rollback(long version, long expected, string actor) =>
        _versions.FirstOrDefault(v => v.Version == version) is not { Deleted: false } old
            ? new(PolicyStatus.NotFound, Current, Version, [])
            : Refusal(expected) ?? await WriteAsync(old.Spec, false, actor);

    private EndpointResult? Refusal(long expected) => expected == PolicyVersions.Any || expected == Version ? null : new(PolicyStatus.Conflict, Current, Version, []);

    private async Task<EndpointResult> WriteAsync(EndpointSpec spec, bool deleted, string actor)
    {
        var others = all.Current.Where(e => e.Name != name).SelectMany(e => e.AllNames()).ToHashSet();
        FieldError[] taken = [.. spec.Aliases.Index().Where(a => others.Contains(a.Item)).Select(a => new FieldError($"aliases[{a.Index}]", $"'{a.Item}' belongs to another."))];
        if (!deleted && taken.Length > 0) return new(PolicyStatus.Conflict, Current, Version, taken);
        var endpoint = new MeshEndpoint { Name = name, Version = _versions.Count + 1, Spec = spec, ChangedBy = actor, Deleted = deleted };
        _versions.Add(endpoint);
        await all.Changed(endpoint);
        return new(PolicyStatus.Accepted, deleted ? null : endpoint, deleted ? 0 : endpoint.Version, []);
    }
}
