using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace InferMesh.Api.OpenApi;

internal static class DocumentExtensions
{
    public const string DocumentPath = "/openapi/v1.json";

    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer(DocumentInfo.TransformAsync);
        options.AddOperationTransformer(OperationDocs.TransformAsync);
        options.AddSchemaTransformer(DescribeTypes);
    });

    public static void MapApiDocument(this WebApplication app)
    {
        // What the API can do is no secret.
        app.MapOpenApi().AllowAnonymous();
        app.UseSwaggerUI(ui =>
        {
            ui.SwaggerEndpoint(DocumentPath, "InferMesh v1");
            ui.RoutePrefix = "swagger";
            ui.DocumentTitle = "InferMesh API";
        });
    }

    // The schema exporter does not look into converters of our own.
    private static Task DescribeTypes(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (type == typeof(double) || type == typeof(double?))
        {
            schema.Type = type == typeof(double) ? JsonSchemaType.Number : JsonSchemaType.Number | JsonSchemaType.Null;
            schema.Format = "double";
        }
        // Bodies are closed. Answers are not: a new member must not break a client that was generated from an older document.
        if (!type.Name.EndsWith("Body", StringComparison.Ordinal)) schema.AdditionalPropertiesAllowed = true;
        return Task.CompletedTask;
    }
}
