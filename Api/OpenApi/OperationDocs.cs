using System.Text.Json.Nodes;
using InferMesh.Api.Http;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace InferMesh.Api.OpenApi;

/// <summary>Writes into the document what the endpoints declare beside their types: query, headers, examples, keys.</summary>
internal static class OperationDocs
{
    public static async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        foreach (var parameter in metadata.OfType<QueryParameter>()) operation.Parameters.Add(Query(parameter));
        var permission = metadata.OfType<NeedsAttribute>().LastOrDefault()?.Permission;
        var isWrite = permission?.IsChange() == true;
        if (isWrite) operation.Parameters.Add(Header(Actor.Header, "Whom the caller speaks for: stands in the audit beside its name; at most 128 printable ASCII characters."));
        foreach (var header in metadata.OfType<HeaderTaken>()) operation.Parameters.Add(Header(header.Name, header.Description));
        if (metadata.OfType<PreconditionNeeded>().FirstOrDefault() is { } needed)
        {
            operation.Parameters.Add(Header("If-Match", "ETag of the version that must be current, or `*` for any."));
            if (needed.MayCreate) operation.Parameters.Add(Header("If-None-Match", "`*` creates, and never replaces."));
        }
        var hasEtag = metadata.OfType<EtagReturned>().Any();
        if (hasEtag && !isWrite) operation.Parameters.Add(Header("If-None-Match", "ETag of the state that the caller has: 304 when it is still current."));
        if (metadata.OfType<BodyType>().FirstOrDefault() is { } body && context.Document is { } document)
        {
            document.AddComponent(body.Type.Name, await context.GetOrCreateSchemaAsync(body.Type, null, cancellationToken));
            operation.RequestBody = new OpenApiRequestBody
            {
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = new OpenApiSchemaReference(body.Type.Name, document) } },
            };
        }
        if (metadata.OfType<ArchiveTaken>().Any())
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { [ArchiveBody.MediaType] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } } },
            };
        }
        if (metadata.OfType<OtherAnswer>().FirstOrDefault() is { } other && context.Document is { } answers)
        {
            answers.AddComponent(other.Type.Name, await context.GetOrCreateSchemaAsync(other.Type, null, cancellationToken));
            AddAnswer(operation, new OpenApiSchemaReference(other.Type.Name, answers));
        }
        if (metadata.OfType<BodyExample>().FirstOrDefault() is { } example) AddExample(operation, example.Json);
        // Whoever changes things has a limit.
        if (isWrite) operation.Responses?.TryAdd("429", new OpenApiResponse { Content = operation.Responses.TryGetValue("403", out var denied) ? denied.Content : null });
        foreach (var (status, response) in operation.Responses ?? []) Describe(status, response, hasEtag);
        if (metadata.OfType<EventsStreamed>().Any() && operation.Responses?["200"] is OpenApiResponse { Content: { } content })
            content["text/event-stream"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
        SortResponses(operation);
        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>().Where(p => p.In == ParameterLocation.Path))
            parameter.Description ??= $"The {parameter.Name} of the {Singular(metadata)}.";
        if (permission is null) return;
        operation.Description = $"{operation.Description}\n\nNeeds the permission `{permission.Value.Name()}`.";
        AddSecurity(operation, context.Document);
    }

    private static string Singular(IEnumerable<object> metadata) =>
        metadata.OfType<ITagsMetadata>().SelectMany(tags => tags.Tags).FirstOrDefault()?.ToLowerInvariant() switch
        {
            "policies" => "policy",
            "strategies" => "strategy",
            { } plural => plural.TrimEnd('s'),
            null => "resource",
        };

    private static OpenApiParameter Query(QueryParameter parameter)
    {
        var schema = new OpenApiSchema
        {
            Type = parameter.Type switch
            {
                QueryType.Flag => JsonSchemaType.Boolean,
                QueryType.WholeNumber => JsonSchemaType.Integer,
                _ => JsonSchemaType.String,
            },
            Minimum = parameter.Min?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Maximum = parameter.Max?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Default = parameter.Default is { } value ? JsonValue.Create(value) : null,
            Enum = parameter.Allowed.Count > 0 ? [.. parameter.Allowed.Select(a => (JsonNode)JsonValue.Create(a)!)] : null,
        };
        return new()
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Description = parameter.Description,
            Schema = parameter.Repeats ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema,
        };
    }

    private static OpenApiParameter Header(string name, string description) =>
        new() { Name = name, In = ParameterLocation.Header, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static void AddAnswer(OpenApiOperation operation, IOpenApiSchema schema)
    {
        if (operation.Responses?["200"].Content?["application/json"] is { Schema: { } usual } content) content.Schema = new OpenApiSchema { AnyOf = [usual, schema] };
    }

    private static void AddExample(OpenApiOperation operation, string json)
    {
        foreach (var content in operation.RequestBody?.Content?.Values ?? [])
            content.Example = JsonNode.Parse(json);
    }

    private static void Describe(string status, IOpenApiResponse response, bool hasEtag)
    {
        if (response is not OpenApiResponse known) return;
        known.Description = StatusTexts.Of(status) ?? known.Description;
        if (hasEtag && status is "200" or "201" or "304") AddHeader(known, "ETag", "Tag of this state.");
        if (status == "201") AddHeader(known, "Location", "Path of what was made.");
        if (status is "429" or "503") AddHeader(known, "Retry-After", "Seconds after which to come back.");
    }

    private static void AddHeader(OpenApiResponse response, string name, string description)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        response.Headers[name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
    }

    private static void SortResponses(OpenApiOperation operation)
    {
        var sorted = new OpenApiResponses();
        foreach (var (status, response) in (operation.Responses ?? []).OrderBy(r => r.Key, StringComparer.Ordinal)) sorted.Add(status, response);
        operation.Responses = sorted;
    }

    private static void AddSecurity(OpenApiOperation operation, OpenApiDocument? document) =>
        operation.Security =
        [
            new() { [new OpenApiSecuritySchemeReference(DocumentInfo.BearerScheme, document)] = [] },
            new() { [new OpenApiSecuritySchemeReference(DocumentInfo.KeyScheme, document)] = [] },
            // Without configured keys, callers on the API's own machine need none.
            new(),
        ];
}
