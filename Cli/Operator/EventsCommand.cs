using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary><c>infermesh events</c>: what happened in a mesh, with reasons and evidence; once, or on and on.</summary>
internal static class EventsCommand
{
    private const string DefaultApi = "http://127.0.0.1:8080";
    private const int PageSize = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public static Command Create()
    {
        var api = new Option<string>("--api") { Description = "Address of the REST API.", DefaultValueFactory = static _ => DefaultApi };
        var after = new Option<long>("--after") { Description = "Id of the last event that you have; 0 for all that are kept." };
        var type = new Option<string[]>("--type") { Description = "Type of event, such as NODE_HEALTH_CHANGED; may be repeated.", DefaultValueFactory = static _ => [] };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens, until Ctrl+C." };
        var output = new Option<string>("--output", "-o") { Description = "text, or json: one event a line.", DefaultValueFactory = static _ => "text" };
        var command = new Command("events", "Show what happened in a mesh: nodes that come, go and fall ill, with reason and evidence; models, policies, endpoints.") { api, after, type, follow, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(after) is not (>= 0 and var cursor)) throw new UsageException("--after must be 0 or more");
            if (parsed.GetValue(output) is not ("text" or "json")) throw new UsageException("--output must be text or json");
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = AddressOf(parsed.GetValue(api)!), Timeout = Limit };
            client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            var types = string.Concat(parsed.GetValue(type)!.Select(static t => $"&types={Uri.EscapeDataString(t)}"));
            await ShowAsync(client, cursor, types, parsed.GetValue(output) == "json", parsed.GetValue(follow), parsed.InvocationConfiguration.Output, cancellationToken);
            return 0;
        });
        return command;
    }

    private static async Task ShowAsync(HttpClient client, long cursor, string types, bool json, bool follow, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                using var page = await ReadAsync(client, cursor, types, cancellationToken);
                if (page.RootElement.GetProperty("truncated").GetBoolean() && cursor > 0)
                    await output.WriteLineAsync(json ? """{"truncated":true}""" : "... older events are no longer kept");
                foreach (var happened in page.RootElement.GetProperty("items").EnumerateArray())
                    await output.WriteLineAsync(json ? happened.GetRawText() : Line(happened));
                var next = page.RootElement.GetProperty("cursor").GetInt64();
                if (next != cursor)
                {
                    cursor = next;
                    continue;
                }

                if (!follow)
                    return;
                await output.FlushAsync(cancellationToken);
                await Task.Delay(Pause, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private static async Task<JsonDocument> ReadAsync(HttpClient client, long cursor, string types, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"/api/v1/events?after={cursor}&limit={PageSize}{types}"), UriKind.Relative), cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
                return JsonDocument.Parse(text);
            throw new CommandFailedException(Problem(text) ?? $"{client.BaseAddress} answered {(int)response.StatusCode}");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CommandFailedException($"no events from {client.BaseAddress}: {exception.Message}; check --api");
        }
    }

    /// <summary>What a problem says (RFC 9457), with its first field; null when it is none.</summary>
    private static string? Problem(string text)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            var said = problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() : problem.RootElement.GetProperty("title").GetString();
            return problem.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Object && errors.EnumerateObject().FirstOrDefault() is { Value.ValueKind: JsonValueKind.Array } first
                ? $"{first.Name} {first.Value[0].GetString()}"
                : said;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static string Line(JsonElement happened)
    {
        var line = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{happened.GetProperty("id").GetInt64(),6}  {happened.GetProperty("at").GetDateTimeOffset():yyyy-MM-dd HH:mm:ss}  ")
            .Append(CultureInfo.InvariantCulture, $"{happened.GetProperty("type").GetString(),-20}  {happened.GetProperty("subject").GetString()}");
        if (happened.TryGetProperty("data", out var data))
        {
            foreach (var detail in data.EnumerateObject())
                line.Append(CultureInfo.InvariantCulture, $"  {detail.Name}={Quoted(detail.Value.GetString() ?? "")}");
        }

        if (happened.TryGetProperty("actor", out var actor) && actor.GetString() is { Length: > 0 } who)
            line.Append(CultureInfo.InvariantCulture, $"  by {who}");
        return line.ToString();
    }

    // Names of nodes and evidence come from others: nothing of it may steer a terminal.
    private static string Quoted(string value)
    {
        var clean = string.Concat(value.Select(static c => char.IsControl(c) ? ' ' : c));
        return clean.Contains(' ', StringComparison.Ordinal) ? $"\"{clean.Replace("\"", "'", StringComparison.Ordinal)}\"" : clean;
    }

    private static Uri AddressOf(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        ? uri
        : throw new UsageException($"--api must be an http or https address such as {DefaultApi}, not '{text}'");
}
