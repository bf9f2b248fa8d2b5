using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Policies;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Policies, pins of models among them.</summary>
internal sealed class PolicyObjects(GrainCalls calls) : ObjectKind<PolicyBody, PolicySpec>(calls, "Policy", BackedUpTypes.Policy)
{
    public override Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) => DirectoryAsync(DirectoryKeys.Policies, after, limit, cancellationToken);

    protected override PolicySpec Read(string name, PolicyBody body, BodyReader reader) => body.Read(reader);

    protected override async Task<Held<PolicySpec>?> CurrentAsync(string key, CancellationToken cancellationToken) =>
        await Calls.RetryAsync(g => g.GetGrain<IPolicyGrain>(key).Get(), cancellationToken) is { } policy ? new(policy.Version, policy.Spec) : null;

    protected override Task<IReadOnlyList<FieldError>> CheckAsync(string key, PolicySpec spec, CancellationToken cancellationToken) =>
        Calls.RetryAsync(g => g.GetGrain<IPolicyGrain>(key).Check(spec), cancellationToken);

    protected override async Task<Written> WriteAsync(string key, PolicySpec spec, long expected, string actor, CancellationToken cancellationToken)
    {
        var result = await Calls.OnceAsync(g => g.GetGrain<IPolicyGrain>(key).Put(spec, expected, actor), cancellationToken);
        return Refusals.Of(result.Status, result.CurrentVersion, expected, result.Errors);
    }
}
