using InferMesh.Api.Endpoints.Policies;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Api.Endpoints.Tenants;

/// <summary>What a tenant may use; everything that is left out is not limited.</summary>
internal sealed record TenantBody
{
    /// <summary>Who that is, at most 1000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>Limits of the tenant as a whole.</summary>
    public TenantLimits? Limits { get; init; }

    /// <summary>Limits of its projects, by the name that requests give in x-infermesh-project.</summary>
    public IReadOnlyDictionary<string, TenantLimits?>? Projects { get; init; }

    /// <summary>Limits of its keys, by key id: the prefix of a key of the mesh, or of any other key the first 16 hex digits of its SHA-256.</summary>
    public IReadOnlyDictionary<string, TenantLimits?>? Keys { get; init; }

    /// <summary>Price of models that modelPrices does not name.</summary>
    public TokenPrice? Price { get; init; }

    /// <summary>Prices by model; a trailing '*' matches any ending, the longest match counts.</summary>
    public IReadOnlyDictionary<string, TokenPrice?>? ModelPrices { get; init; }

    /// <summary>Weight of its share when training jobs of several tenants wait, 0.001 to 1000. Default 1.</summary>
    public double? TrainingWeight { get; init; }

    /// <summary>Organisation that it belongs to. Default: none.</summary>
    public string? Organisation { get; init; }

    /// <summary>Where its requests and training jobs may run: nodes, cells, zones, regions, labels; at least one. Default: everywhere.</summary>
    public PlacementBody? Placement { get; init; }

    /// <summary>The content for the grain, which checks it as a whole; here is checked only what its types cannot carry.</summary>
    public TenantSpec Read(BodyReader reader) => new()
    {
        Description = Description ?? "",
        Limits = Limits ?? new(),
        Projects = Map(reader, "projects", Projects),
        Keys = Map(reader, "keys", Keys),
        Price = Price ?? new(),
        ModelPrices = Map(reader, "modelPrices", ModelPrices),
        TrainingWeight = TrainingWeight ?? 1,
        Organisation = Organisation ?? "",
        Placement = Placement?.Read(reader),
    };

    private static Dictionary<string, T> Map<T>(BodyReader reader, string field, IReadOnlyDictionary<string, T?>? values)
        where T : class
    {
        var map = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var (key, value) in values ?? new Dictionary<string, T?>())
        {
            if (value is null) reader.Refuse($"{field}.{key}", "must be an object.");
            else map[key] = value;
        }
        return map;
    }
}

/// <summary>A stored tenant. Its <c>spec</c> is what PUT takes.</summary>
internal sealed record TenantView
{
    /// <summary>Name, as requests give it in x-infermesh-tenant.</summary>
    public required string Name { get; init; }

    /// <summary>Grows by one with each change; the ETag is this number in quotes.</summary>
    public long Version { get; init; }

    /// <summary>Content.</summary>
    public required TenantSpec Spec { get; init; }

    /// <summary>When this version was written.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Who wrote it.</summary>
    public required string ChangedBy { get; init; }

    public static TenantView Of(Tenant tenant) => new() { Name = tenant.Name, Version = tenant.Version, Spec = tenant.Spec, ChangedAt = tenant.ChangedAt, ChangedBy = tenant.ChangedBy };
}
