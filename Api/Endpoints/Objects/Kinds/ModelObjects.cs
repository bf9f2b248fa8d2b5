using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Models;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Models;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Registered models, with the nodes that they are pinned to.</summary>
internal sealed class ModelObjects(GrainCalls calls) : ObjectKind<ModelBody, ModelSpec>(calls, "Model", BackedUpTypes.Model)
{
    private const int MaxName = 256;

    protected override FieldError NameError => new("metadata.name", $"must have 1 to {MaxName} characters.");

    public override bool IsKey(string key) => key.Length is > 0 and <= MaxName;

    public override Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) => DirectoryAsync(DirectoryKeys.Models, after, limit, cancellationToken);

    protected override ModelSpec Read(string name, ModelBody body, BodyReader reader) => body.Read(reader);

    protected override async Task<Held<ModelSpec>?> CurrentAsync(string key, CancellationToken cancellationToken) =>
        await Calls.RetryAsync(g => g.GetGrain<IModelGrain>(key).Get(), cancellationToken) is { } model ? new(model.Version, model.Spec) : null;

    protected override Task<IReadOnlyList<FieldError>> CheckAsync(string key, ModelSpec spec, CancellationToken cancellationToken) =>
        Calls.RetryAsync(g => g.GetGrain<IModelGrain>(key).Check(spec), cancellationToken);

    protected override async Task<Written> WriteAsync(string key, ModelSpec spec, long expected, string actor, CancellationToken cancellationToken)
    {
        var result = await Calls.OnceAsync(g => g.GetGrain<IModelGrain>(key).Put(spec, expected, actor), cancellationToken);
        return Refusals.Of(result.Status, result.CurrentVersion, expected, result.Errors);
    }
}
