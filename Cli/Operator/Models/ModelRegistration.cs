using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferMesh.Cli.Operator.Models;

/// <summary>What is registered of a model, to be changed: what somebody else changes meanwhile is not overwritten but refused.</summary>
internal sealed class ModelRegistration
{
    private readonly ApiCall _call;
    private readonly string _name;

    private ModelRegistration(ApiCall call, string name, long version, JsonObject spec) => (_call, _name, Version, Spec) = (call, name, version, spec);

    /// <summary>Its version; 0 when it is not registered.</summary>
    public long Version { get; }

    /// <summary>The content as it is, to be changed in place.</summary>
    public JsonObject Spec { get; }

    /// <summary>Nodes that it is pinned to.</summary>
    public IReadOnlyList<string> Nodes
    {
        get => [.. (Spec["nodes"] as JsonArray ?? []).Select(static node => node!.GetValue<string>())];
        set => Spec["nodes"] = new JsonArray([.. value.Select(static node => (JsonNode)node)]);
    }

    /// <summary>Reads a model; one that nobody registered has no content.</summary>
    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public static async Task<ModelRegistration> ReadAsync(ApiCall call, string name, CancellationToken cancellationToken)
    {
        using var answer = await call.Api.FindAsync(ModelCommands.PathOf(name), cancellationToken);
        var registration = answer?.RootElement.Object("registration");
        return new(call, name, registration?.Number("version") ?? 0, registration?.Object("spec") is { } spec ? JsonObject.Create(spec.Clone())! : []);
    }

    /// <summary>Reads a model that must be registered.</summary>
    /// <exception cref="CommandFailedException">It is not.</exception>
    public static async Task<ModelRegistration> RegisteredAsync(ApiCall call, string name, CancellationToken cancellationToken) =>
        await ReadAsync(call, name, cancellationToken) is { Version: > 0 } model ? model : throw new CommandFailedException(Terminal.Clean($"{name} is not registered: infermesh load-model {name} registers it"));

    /// <summary>Writes the content.</summary>
    public async Task<int> SaveAsync(CancellationToken cancellationToken)
    {
        using var model = await _call.Api.ChangeAsync(HttpMethod.Put, ModelCommands.PathOf(_name), Spec.ToJsonString(), Version, cancellationToken);
        await _call.WriteAsync(model.RootElement, ModelViews.Line);
        return 0;
    }

    /// <summary>Shows what would be done.</summary>
    public async Task<int> DryRunAsync(CancellationToken cancellationToken)
    {
        using var model = await _call.Api.ChangeAsync(HttpMethod.Put, $"{ModelCommands.PathOf(_name)}?dryRun=true", Spec.ToJsonString(), Version, cancellationToken);
        await _call.WriteAsync(model.RootElement, ModelViews.Plan);
        return 0;
    }

    /// <summary>Ends the registration.</summary>
    public async Task<int> DeleteAsync(CancellationToken cancellationToken)
    {
        (await _call.Api.ChangeAsync(HttpMethod.Delete, ModelCommands.PathOf(_name), null, Version, cancellationToken)).Dispose();
        await _call.WriteAsync(JsonSerializer.SerializeToElement(new { name = _name }), ModelViews.Line);
        return 0;
    }
}
