using System.Text.Json;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>An object of the mesh as a document: what <c>apply</c> takes and what an export gives.</summary>
internal sealed record Manifest
{
    public const string CurrentApiVersion = "infermesh/v1";

    /// <summary>Always `infermesh/v1`. Required.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Tenant, Node, Model, Policy, Endpoint, Experiment or Job. Required.</summary>
    public string? Kind { get; init; }

    /// <summary>Name, and the version that the change was made of. Required.</summary>
    public ManifestMetadata? Metadata { get; init; }

    /// <summary>What PUT (of a job POST) of this kind takes as its body, without the name. Required.</summary>
    public JsonElement? Spec { get; init; }
}

/// <summary>Which object a manifest is of.</summary>
internal sealed record ManifestMetadata
{
    /// <summary>Name; of a node its id. Of a job its id, or a token of the tenant's own that stands for it. Required.</summary>
    public string? Name { get; init; }

    /// <summary>Version that a change must find, 0 for none; absent takes what is there. Where the object does not exist it is created, whatever this says.</summary>
    public long? Version { get; init; }
}

/// <summary>Objects that should be as their manifests say.</summary>
internal sealed record ApplyBody
{
    /// <summary>1 to 1000 manifests, each object once. Required.</summary>
    public IReadOnlyList<Manifest?>? Objects { get; init; }
}
