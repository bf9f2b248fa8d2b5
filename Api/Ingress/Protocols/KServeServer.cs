using System.Reflection;
using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Ingress.Models;

namespace InferMesh.Api.Ingress.Protocols;

/// <summary>Answers what clients of the Open Inference Protocol ask a server about itself: here the server is the mesh.</summary>
internal sealed class KServeServer(ModelCatalog catalog)
{
    public const string Name = "infermesh";

    public static readonly string Version = typeof(KServeServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>What passes through to runtimes that have it.</summary>
    public static readonly string[] Extensions = ["binary_tensor_data", "generate", "model_configuration", "statistics"];

    public static Task DescribeAsync(HttpContext context) => WriteAsync(context, StatusCodes.Status200OK, json =>
    {
        json.WriteString("name", Name);
        json.WriteString("version", Version);
        json.WriteStartArray("extensions");
        foreach (var extension in Extensions) json.WriteStringValue(extension);
        json.WriteEndArray();
    });

    public static Task LiveAsync(HttpContext context) => WriteAsync(context, StatusCodes.Status200OK, json => json.WriteBoolean("live", true));

    public async Task ReadyAsync(HttpContext context)
    {
        var ready = await IsReadyAsync(context.RequestAborted);
        await WriteAsync(context, ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, json => json.WriteBoolean("ready", ready));
    }

    /// <summary>Whether there is a model to ask.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await catalog.ListAsync(cancellationToken)).Count > 0;
        }
        catch (MeshUnavailableException)
        {
            return false;
        }
    }

    private static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> fields)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
