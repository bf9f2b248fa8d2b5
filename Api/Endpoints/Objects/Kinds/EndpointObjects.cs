using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.ModelEndpoints;
using InferMesh.Api.Http;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Endpoints. Of their keys the first digits are shown, and stand for the keys that are there.</summary>
internal sealed class EndpointObjects(GrainCalls calls, EndpointDirectory directory) : ObjectKind<EndpointBody, EndpointSpec>(calls, "Endpoint", BackedUpTypes.Endpoint)
{
    public override Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) => DirectoryAsync(DirectoryKeys.Endpoints, after, limit, cancellationToken);

    protected override EndpointSpec Read(string name, EndpointBody body, BodyReader reader) => body.Read(reader);

    protected override object Shown(EndpointSpec spec) => spec with { Auth = spec.Auth?.Shown() };

    protected override EndpointSpec Completed(EndpointSpec spec, EndpointSpec? current) => spec with { Auth = spec.Auth?.Completed(current?.Auth) };

    protected override async Task<Held<EndpointSpec>?> CurrentAsync(string key, CancellationToken cancellationToken) =>
        await Calls.RetryAsync(g => g.GetGrain<IEndpointGrain>(key).Get(), cancellationToken) is { } endpoint ? new(endpoint.Version, endpoint.Spec) : null;

    protected override Task<IReadOnlyList<FieldError>> CheckAsync(string key, EndpointSpec spec, CancellationToken cancellationToken) =>
        Calls.RetryAsync(g => g.GetGrain<IEndpointGrain>(key).Check(spec), cancellationToken);

    protected override async Task<Written> WriteAsync(string key, EndpointSpec spec, long expected, string actor, CancellationToken cancellationToken)
    {
        var result = await Calls.OnceAsync(g => g.GetGrain<IEndpointGrain>(key).Put(spec, expected, actor), cancellationToken);
        if (result.Status == PolicyStatus.Accepted) await directory.FollowAsync(key, result.CurrentVersion);
        return Refusals.Of(result.Status, result.CurrentVersion, expected, result.Errors);
    }
}
