using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>Asks the ingress for more than two tenants may have: one has a limit of requests in flight, the other one of tokens a day.</summary>
internal sealed class QuotaWorkload(History history, IReadOnlyList<HttpClient> apis)
{
    public const string InFlightTenant = "quota-in-flight";
    public const string TokensTenant = "quota-tokens";
    public const int InFlightLimit = 4;
    public const int MostTokensOfARequest = 100;

    private const double RequestsPerSecond = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    /// <summary>Writes the limits; what two thirds of the run can use is not enough for all of it.</summary>
    public static async Task PrepareAsync(HttpClient api, long tokensPerDay)
    {
        await PutAsync(InFlightTenant, new { concurrentRequests = InFlightLimit });
        await PutAsync(TokensTenant, new { tokensPerDay });

        async Task PutAsync(string tenant, object limits)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/v1/tenants/{tenant}") { Content = JsonContent.Create(new { limits }) };
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
            using var response = await api.SendAsync(request);
            response.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Tokens that a run may use: about two thirds of what it asks for.</summary>
    public static long TokensFor(TimeSpan duration) => (long)(duration.TotalSeconds * RequestsPerSecond / 2 * MostTokensOfARequest / 2 * 0.6);

    /// <summary>Sends until told to stop; ends when all requests are over.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var random = new Random(3);
        List<Task> running = [];
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var api = apis[random.Next(apis.Count)];
            running.Add(i % 2 == 0 ? StreamAsync(api, random.Next(60, 200)) : AskAsync(api, random.Next(1, MostTokensOfARequest)));
            running.RemoveAll(static task => task.IsCompletedSuccessfully);
            await Task.Delay(TimeSpan.FromSeconds(1 / RequestsPerSecond), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(running);
    }

    // Certainly in flight from the first line that came to the last but one: the mesh settles when the last one has gone out.
    private async Task StreamAsync(HttpClient api, int tokens)
    {
        var use = new QuotaUse { Tenant = InFlightTenant, Outcome = Outcome.Unknown };
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            using var response = await api.SendAsync(Request(InFlightTenant, tokens, stream: true), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            use = use with { Outcome = OutcomeOf(response), Detail = Status(response) };
            if (response.StatusCode == HttpStatusCode.OK)
            {
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
                var last = history.Now;
                use = use with { From = last, To = last };
                while (await reader.ReadLineAsync(limit.Token) is { } line)
                {
                    if (line.Length == 0) continue;
                    use = use with { To = last };
                    last = history.Now;
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            use = use with { Outcome = Outcome.Unknown, Detail = e.Message };
        }
        history.Uses.Enqueue(use);
    }

    private async Task AskAsync(HttpClient api, int tokens)
    {
        var use = new QuotaUse { Tenant = TokensTenant, Outcome = Outcome.Unknown };
        try
        {
            using var limit = new CancellationTokenSource(Limit);
            using var response = await api.SendAsync(Request(TokensTenant, tokens, stream: false), limit.Token);
            use = use with { Outcome = OutcomeOf(response), Detail = Status(response) };
            if (response.StatusCode == HttpStatusCode.OK)
                use = use with { Tokens = (await response.Content.ReadFromJsonAsync<JsonElement>(limit.Token)).GetProperty("usage").GetProperty("total_tokens").GetInt64() };
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            use = use with { Outcome = Outcome.Unknown, Detail = e.Message };
        }
        history.Uses.Enqueue(use);
    }

    private static HttpRequestMessage Request(string tenant, int tokens, bool stream)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = SharedMesh.Model, max_tokens = tokens, stream, messages = new[] { new { role = "user", content = "Hello" } } }),
        };
        request.Headers.Add("x-infermesh-tenant", tenant);
        return request;
    }

    private static Outcome OutcomeOf(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.OK => Outcome.Ok,
        < HttpStatusCode.InternalServerError => Outcome.Refused,
        _ => Outcome.Unknown,
    };

    private static string Status(HttpResponseMessage response) => ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
}
