using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>The calls as REST.</summary>
internal sealed class RestCalls(HttpClient client, int api) : ObjectCalls($"rest {api}")
{
    public override async Task<Operation> CallAsync(Operation operation)
    {
        using var request = Request(operation);
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            using var response = await client.SendAsync(request, limit.Token);
            var body = await response.Content.ReadAsStringAsync(limit.Token);
            return Read(operation, response, body);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return operation with { Outcome = Outcome.Unknown, Detail = e.InnerException?.Message ?? e.Message };
        }
    }

    private static HttpRequestMessage Request(Operation operation)
    {
        var path = $"/api/v1/{operation.Key}";
        var request = operation.Kind switch
        {
            OperationKind.Read => new HttpRequestMessage(HttpMethod.Get, path),
            OperationKind.Delete => new(HttpMethod.Delete, path),
            OperationKind.Rollback => new(HttpMethod.Post, path + ":rollback") { Content = JsonContent.Create(new { version = operation.Source }) },
            _ => new(HttpMethod.Put, path) { Content = Body(operation) },
        };
        request.Headers.Add(ObjectCalls.ActorHeader, operation.Tag);
        if (!operation.IsWrite) return request;
        if (operation.Expected == Operation.None) request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        else request.Headers.TryAddWithoutValidation("If-Match", operation.Expected is { } version ? string.Create(CultureInfo.InvariantCulture, $"\"{version}\"") : "*");
        return request;
    }

    // In force nowhere: no request names that model, nobody is that tenant.
    private static JsonContent Body(Operation operation) => operation.Key.StartsWith(Policies, StringComparison.Ordinal)
        ? JsonContent.Create(new { kind = "quota", description = operation.Tag, models = new[] { "nobodys-model" }, quota = new { maxConcurrentRequests = 1 + (operation.Id % 100) } })
        : JsonContent.Create(new { description = operation.Tag, limits = new { tokensPerDay = operation.Id } });

    private static Operation Read(Operation operation, HttpResponseMessage response, string body)
    {
        operation = operation with { Detail = string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode}") };
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.Created:
                var view = JsonSerializer.Deserialize<JsonElement>(body);
                return operation with { Outcome = Outcome.Ok, Version = view.GetProperty("version").GetInt64(), Content = view.GetProperty("spec").GetProperty("description").GetString() };
            case HttpStatusCode.NoContent:
                return operation with { Outcome = Outcome.Ok, Version = operation.Expected + 1 };
            case HttpStatusCode.NotFound when operation.Kind == OperationKind.Read:
                return operation with { Outcome = Outcome.Ok, Version = Operation.None };
            case HttpStatusCode.NotFound when operation.Kind == OperationKind.Delete:
                return operation with { Outcome = Outcome.Refused, Version = Operation.None };
            case HttpStatusCode.PreconditionFailed:
                return operation with { Outcome = Outcome.Refused, Version = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("currentVersion").GetInt64() };
            case < HttpStatusCode.InternalServerError:
                return operation with { Outcome = Outcome.Refused, Detail = $"{operation.Detail} {body}" };
            default:
                return operation with { Outcome = Outcome.Unknown, Detail = response.StatusCode == HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter is not null ? operation.Detail : $"{operation.Detail} {body}" };
        }
    }
}
