using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.Problems;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Directory;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>What a grain has.</summary>
internal sealed record Held<TSpec>(long Version, TSpec Spec);

/// <summary>A kind whose manifests have the body of its REST calls as their spec: the same reader and the same grain check it.</summary>
internal abstract class ObjectKind<TBody, TSpec>(GrainCalls calls, string name, string grainType) : IObjectKind
    where TBody : class
    where TSpec : class
{
    public string Name => name;

    public string GrainType => grainType;

    public virtual int MostPerPage => int.MaxValue;

    public virtual bool IsWork => false;

    protected GrainCalls Calls => calls;

    /// <summary>What a key must be.</summary>
    protected virtual FieldError NameError => Names.Error("metadata.name");

    public virtual bool IsKey(string key) => Names.IsValid(key);

    public virtual bool IsPlace(string place) => IsKey(place);

    public virtual bool IsName(string name) => IsKey(name);

    public abstract Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken);

    public async Task<StoredObject?> ReadAsync(string key, CancellationToken cancellationToken) =>
        await CurrentAsync(key, cancellationToken) is { } held ? new(held.Version, SpecJson.Of(Shown(held.Spec))) : null;

    public async Task<Draft> DraftAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var name = manifest.Metadata!.Name!;
        if (!IsName(name)) return new() { Errors = [NameError] };
        TBody body;
        try
        {
            body = manifest.Spec!.Value.Deserialize<TBody>(ApiJson.Strict)!;
        }
        catch (JsonException e)
        {
            return new() { Errors = [InSpec(JsonProblem.ErrorOf(e))] };
        }
        var reader = new BodyReader();
        var spec = Read(name, body, reader);
        var key = KeyOf(name, spec);
        var current = await CurrentAsync(key, cancellationToken);
        spec = Completed(spec, current?.Spec);
        IReadOnlyList<FieldError> errors = [.. reader.Errors, .. await CheckAsync(key, spec, cancellationToken), .. current is null ? [] : Forbidden(current.Spec, spec)];
        if (errors.Count > 0) return new() { Errors = [.. errors.Select(InSpec)] };
        return new()
        {
            Key = key,
            Current = current is null ? null : new(current.Version, SpecJson.Of(Shown(current.Spec))),
            After = SpecJson.Of(Shown(spec)),
            IsSame = current is not null && AreSame(current.Spec, spec),
            WriteAsync = (actor, cancel) => WriteAsync(key, spec, current?.Version ?? 0, actor, cancel),
        };
    }

    /// <summary>Key of the grain that a name stands for.</summary>
    protected virtual string KeyOf(string name, TSpec spec) => name;

    protected abstract TSpec Read(string name, TBody body, BodyReader reader);

    /// <summary>Content as it may be shown, in the form of the body.</summary>
    protected virtual object Shown(TSpec spec) => spec;

    /// <summary>What was sent, with what it leaves to what is there.</summary>
    protected virtual TSpec Completed(TSpec spec, TSpec? current) => spec;

    /// <summary>What may not become of what is there.</summary>
    protected virtual IReadOnlyList<FieldError> Forbidden(TSpec current, TSpec spec) => [];

    protected abstract Task<Held<TSpec>?> CurrentAsync(string key, CancellationToken cancellationToken);

    protected abstract Task<IReadOnlyList<FieldError>> CheckAsync(string key, TSpec spec, CancellationToken cancellationToken);

    protected abstract Task<Written> WriteAsync(string key, TSpec spec, long expected, string actor, CancellationToken cancellationToken);

    protected static bool AreSame(TSpec one, TSpec other) => System.Text.Json.Nodes.JsonNode.DeepEquals(SpecJson.Of(one), SpecJson.Of(other));

    /// <summary>Keys of a directory.</summary>
    protected async Task<KeyPage> DirectoryAsync(string directory, string after, int limit, CancellationToken cancellationToken) =>
        Page((await Calls.RetryAsync(g => g.GetGrain<IDirectoryGrain>(directory).List(), cancellationToken)).Names, after, limit);

    /// <summary>The part of ordered keys that comes after one.</summary>
    protected static KeyPage Page(IReadOnlyList<string> ordered, string after, int limit)
    {
        var (low, high) = (0, ordered.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(ordered[middle], after) <= 0) low = middle + 1;
            else high = middle;
        }
        return new([.. ordered.Skip(low).Take(limit)], low + limit < ordered.Count);
    }

    private static FieldError InSpec(FieldError error) => error with { Field = error.Field.Length == 0 ? "spec" : $"spec.{error.Field}" };
}
