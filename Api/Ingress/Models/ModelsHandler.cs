using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Security.Callers;

namespace InferMesh.Api.Ingress.Models;

/// <summary>Answers <c>/v1/models</c> in the form of OpenAI's list.</summary>
internal sealed class ModelsHandler(ModelCatalog catalog, EndpointDirectory endpoints)
{
    public Task ListAsync(HttpContext context) => AnswerAsync(context, models => json =>
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var model in models) Write(json, model);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    public Task GetAsync(HttpContext context, string id)
    {
        // Routing decodes everything but the slash, which clients that escape whole segments send as %2F.
        id = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return AnswerAsync(context, models => models.FirstOrDefault(m => m.Id == id) is { } model ? json => Write(json, model) : null, id);
    }

    private async Task AnswerAsync(HttpContext context, Func<IReadOnlyList<ServedModel>, Action<Utf8JsonWriter>?> answer, string id = "")
    {
        IReadOnlyList<ServedModel>? models = null;
        try
        {
            if (await endpoints.CurrentAsync(context.RequestAborted) is { } table) models = EndpointModels.Visible(EndpointModels.Merge(await catalog.ListAsync(context.RequestAborted), table), table, context.Caller().Scope);
        }
        catch (MeshUnavailableException)
        {
            // Answered below.
        }
        if (models is null)
        {
            await OpenAiError.Unavailable("The cluster did not answer.", "cluster_unavailable").WriteAsync(context);
            return;
        }
        if (answer(models) is not { } write)
        {
            await OpenAiError.ModelNotFound(id).WriteAsync(context);
            return;
        }
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter)) write(json);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, ServedModel model)
    {
        json.WriteStartObject();
        json.WriteString("id", model.Id);
        json.WriteString("object", "model");
        json.WriteNumber("created", model.Created);
        json.WriteString("owned_by", "infermesh");
        json.WriteNumber("replicas", model.Replicas);
        json.WriteBoolean("synthetic", model.Synthetic);
        if (model.EndpointModels is { } behind)
        {
            json.WriteBoolean("endpoint", true);
            json.WriteStartArray("models");
            foreach (var id in behind) json.WriteStringValue(id);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
