using InferMesh.Api.Security;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace InferMesh.Api.OpenApi;

/// <summary>What the document says of the API as a whole.</summary>
internal static class DocumentInfo
{
    public const string BearerScheme = "bearer";
    public const string KeyScheme = "apiKey";

    private static readonly (string Name, string Description)[] KnownTags =
    [
        ("Nodes", "GPU nodes: what they are, how they are, and the operator's commands."),
        ("Cells", "Groups of nodes that share one summary."),
        ("Models", "Models that nodes serve now."),
        ("Policies", "Rules for placement, routing, hedging, SLOs, quotas and security: versioned, with history and rollback."),
        ("Endpoints", "Names that clients use as models: what stands behind them, and who may call. Versioned, with history and rollback."),
        ("Tenants", "Limits of tenants, their projects and keys, and what they use of them."),
        ("Jobs", "Training jobs, from their submission to their end, and the capacity that they share with serving."),
        ("Routing", "Decisions about where a request goes, and their outcomes."),
        ("Topology", "Where requests enter the mesh, and what lies between places."),
        ("Keys", "API keys, and who the caller is."),
        ("Events", "What happened in the mesh, in order, resumable."),
    ];

    public static Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new()
        {
            Title = "InferMesh",
            Version = "v1",
            Description = "Control plane of a GPU- and network-aware mesh for AI serving and training. Errors are problem details (RFC 9457); "
                + "unknown members and parameters are refused by name.",
            License = new() { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        // Relative: the document is the same wherever the API listens.
        document.Servers = [new() { Url = "/" }];
        document.Tags = new HashSet<OpenApiTag>(KnownTags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description })
            .Concat(document.Tags?.Where(tag => KnownTags.All(known => known.Name != tag.Name)) ?? []));
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [BearerScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "API key, admin key or token of the identity provider; on the same machine none is needed in Development mode.",
            },
            [KeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = PresentedKey.HeaderName,
                Description = "API key or admin key.",
            },
        };
        return Task.CompletedTask;
    }
}
