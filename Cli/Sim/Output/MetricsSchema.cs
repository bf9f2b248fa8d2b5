using System.ComponentModel;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace InferMesh.Cli.Sim.Output;

/// <summary>The JSON schema of <c>metrics.json</c>, from the types that write it.</summary>
internal static class MetricsSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write()
    {
        var exporter = new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Describe };
        var schema = MetricsJson.Default.MetricsDocument.GetJsonSchemaAsNode(exporter).AsObject();
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "metrics.json of 'infermesh sim run' (synthetic)");
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode node)
    {
        var text = context.PropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(DescriptionAttribute), false).OfType<DescriptionAttribute>().FirstOrDefault()?.Description
            ?? (context.PropertyInfo?.AssociatedParameter?.AttributeProvider as ParameterInfo)?.GetCustomAttribute<DescriptionAttribute>()?.Description;
        if (text is not null && node is JsonObject schema) schema.Insert(0, "description", text);
        return node;
    }
}
