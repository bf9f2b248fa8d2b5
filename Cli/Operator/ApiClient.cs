using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using InferMesh.Adapters.Tls;

namespace InferMesh.Cli.Operator;

/// <summary>The REST API as commands call it: what goes wrong becomes one line that says what to do.</summary>
internal sealed class ApiClient : IDisposable
{
    public const string DefaultAddress = "http://127.0.0.1:8080";
    private const int ShownErrors = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PatientLimit = TimeSpan.FromSeconds(75);
    private readonly HttpClient _http;
    private readonly Credential? _credential;

    /// <exception cref="UsageException">The address is none.</exception>
    public ApiClient(string address, Credential? credential, ClientTls? tls = null)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (tls is not null)
            handler.SslOptions = tls.ToOptions();
        _http = new(handler) { BaseAddress = AddressOf(address), Timeout = Limit };
        _credential = credential;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>For calls to which the mesh itself gives a minute, such as those that carry packages. Before the first call.</summary>
    public void BePatient() => _http.Timeout = PatientLimit;

    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, null, cancellationToken);

    /// <summary>Reads what may not be there; null when it is not.</summary>
    /// <exception cref="CommandFailedException">The API refused in another way, or did not answer.</exception>
    public async Task<JsonDocument?> FindAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(path, cancellationToken);
        }
        catch (CommandFailedException exception) when (exception.Status == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <param name="path">Path.</param>
    /// <param name="json">Body; null for none.</param>
    /// <param name="token">Makes the call one that may be sent again; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public Task<JsonDocument> PostAsync(string path, string? json, string? token, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, json, token is null ? null : ("Idempotency-Key", token), cancellationToken);

    /// <summary>Sends an archive.</summary>
    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public Task<JsonDocument> PostArchiveAsync(string path, byte[] archive, CancellationToken cancellationToken)
    {
        var content = new ByteArrayContent(archive);
        content.Headers.ContentType = new("application/zip");
        return SendContentAsync(HttpMethod.Post, path, content, null, cancellationToken);
    }

    /// <summary>Changes what has a version.</summary>
    /// <param name="method">Method.</param>
    /// <param name="path">Path.</param>
    /// <param name="json">Body; null for none.</param>
    /// <param name="version">The version that is replaced: another one is refused. 0 where there must be none yet, null whatever there is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public Task<JsonDocument> ChangeAsync(HttpMethod method, string path, string? json, long? version, CancellationToken cancellationToken) =>
        SendAsync(method, path, json, version == 0 ? ("If-None-Match", "*") : ("If-Match", version is { } known ? FormattableString.Invariant($"\"{known}\"") : "*"), cancellationToken);

    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken) => (await SendAsync(HttpMethod.Delete, path, null, null, cancellationToken)).Dispose();

    /// <summary>The same for a call whose refusal says more than a line: a problem with this member is an answer too.</summary>
    /// <param name="path">Path.</param>
    /// <param name="json">Body; null reads.</param>
    /// <param name="members">Members, one of which a problem must have.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="CommandFailedException">The API refused in another way, or did not answer.</exception>
    public Task<JsonDocument> SendForDetailsAsync(string path, string? json, IReadOnlyList<string> members, CancellationToken cancellationToken) =>
        SendAsync(json is null ? HttpMethod.Get : HttpMethod.Post, path, json, null, cancellationToken, members);

    /// <summary>A page that is no JSON.</summary>
    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public Task<string> TextAsync(string path, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        using var request = Request(HttpMethod.Get, path, "text/plain");
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode ? text : throw Refused((int)response.StatusCode, path, text);
    }, cancellationToken);

    /// <summary>A stream of server-sent events, opened.</summary>
    /// <exception cref="CommandFailedException">The API refused.</exception>
    /// <exception cref="HttpRequestException">The API did not answer, or cannot now.</exception>
    public async Task<Stream> StreamAsync(string path, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path, "text/event-stream");
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
            return await response.Content.ReadAsStreamAsync(cancellationToken);
        using (response)
        {
            var refused = Refused((int)response.StatusCode, path, await response.Content.ReadAsStringAsync(cancellationToken));
            throw response.StatusCode == HttpStatusCode.ServiceUnavailable ? new HttpRequestException(refused.Message) : refused;
        }
    }

    private Task<JsonDocument> SendAsync(
        HttpMethod method, string path, string? json, (string Name, string Value)? header, CancellationToken cancellationToken, IReadOnlyList<string>? members = null) =>
        SendContentAsync(method, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"), header, cancellationToken, members);

    private Task<JsonDocument> SendContentAsync(
        HttpMethod method, string path, HttpContent? content, (string Name, string Value)? header, CancellationToken cancellationToken, IReadOnlyList<string>? members = null) => CallAsync(async () =>
    {
        using var request = Request(method, path, "application/json");
        request.Content = content;
        if (header is var (name, value))
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.IsSuccessStatusCode)
            return JsonDocument.Parse(text.Length > 0 ? text : "{}");
        return members is not null && ProblemWith(members, text) is { } problem ? problem : throw Refused((int)response.StatusCode, path, text);
    }, cancellationToken);

    /// <summary>A request with the credential as it is now: commands that go on for hours outlive a key that is rotated.</summary>
    private HttpRequestMessage Request(HttpMethod method, string path, string accept)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        if (_credential is not null)
            request.Headers.Authorization = new("Bearer", _credential.Text);
        return request;
    }

    private async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CommandFailedException($"no answer from {_http.BaseAddress}: {ClientTls.Reason(exception)}; check --api");
        }
    }

    private CommandFailedException Refused(int status, string path, string text)
    {
        var said = Problem(text) ?? $"{_http.BaseAddress} answered {status}";
        return new(status switch { 401 => "not signed in: ", 403 => "not allowed: ", _ => "" } + said + ApiHints.For(status, path)) { Status = status };
    }

    private static JsonDocument? ProblemWith(IReadOnlyList<string> members, string text)
    {
        try
        {
            var problem = JsonDocument.Parse(text);
            if (problem.RootElement.ValueKind == JsonValueKind.Object && members.Any(member => problem.RootElement.TryGetProperty(member, out _)))
                return problem;
            problem.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

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

    /// <summary>An address as it was given.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static Uri AddressOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        ? uri
        : throw new UsageException($"--api must be an http or https address such as {DefaultAddress}, not '{text}'");
}
