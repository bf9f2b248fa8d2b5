using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary>The REST API as commands call it: what goes wrong becomes one line that says what to do.</summary>
internal sealed class ApiClient : IDisposable
{
    public const string DefaultAddress = "http://127.0.0.1:8080";
    private const int ShownErrors = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;

    /// <exception cref="UsageException">The address is none.</exception>
    public ApiClient(string address, string? key)
    {
        _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = AddressOf(address), Timeout = Limit };
        if (key is not null)
            _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    public void Dispose() => _http.Dispose();

    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, null, cancellationToken);

    /// <param name="path">Path.</param>
    /// <param name="json">Body; null for none.</param>
    /// <param name="token">Makes the call one that may be sent again; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public Task<JsonDocument> PostAsync(string path, string? json, string? token, CancellationToken cancellationToken) => SendAsync(HttpMethod.Post, path, json, token, cancellationToken);

    /// <summary>A stream of server-sent events, opened.</summary>
    /// <exception cref="CommandFailedException">The API refused.</exception>
    /// <exception cref="HttpRequestException">The API did not answer, or cannot now.</exception>
    public async Task<Stream> StreamAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
            return await response.Content.ReadAsStreamAsync(cancellationToken);
        using (response)
        {
            var refused = Refused((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
            throw response.StatusCode == HttpStatusCode.ServiceUnavailable ? new HttpRequestException(refused.Message) : refused;
        }
    }

    private async Task<JsonDocument> SendAsync(HttpMethod method, string path, string? json, string? token, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            if (json is not null)
                request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            if (token is not null)
                request.Headers.TryAddWithoutValidation("Idempotency-Key", token);
            using var response = await _http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode ? JsonDocument.Parse(text) : throw Refused((int)response.StatusCode, text);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CommandFailedException($"no answer from {_http.BaseAddress}: {exception.Message}; check --api");
        }
    }

    private CommandFailedException Refused(int status, string text) => new(Problem(text) ?? $"{_http.BaseAddress} answered {status}");

    /// <summary>What a problem says (RFC 9457), with its fields; null when it is none.</summary>
    private static string? Problem(string text)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            var said = problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() : problem.RootElement.GetProperty("title").GetString();
            if (problem.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Object && errors.EnumerateObject().Any())
                said = string.Join("; ", errors.EnumerateObject().Take(ShownErrors).Select(static field => $"{field.Name} {field.Value[0].GetString()}".Trim()));
            return said is null ? null : Terminal.Clean(said);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static Uri AddressOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        ? uri
        : throw new UsageException($"--api must be an http or https address such as {DefaultAddress}, not '{text}'");
}
