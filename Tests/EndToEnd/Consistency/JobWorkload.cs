using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;
using InferMesh.Jobs.V1;
using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>Submits jobs that wait for ever, half of them with a token: such a one is sent up to three times, at once and again later, by different ways.</summary>
internal sealed class JobWorkload(History history, IReadOnlyList<HttpClient> rest, IReadOnlyList<GrpcChannel> grpc)
{
    public const string Tenant = "check-jobs";
    private const int Gpus = 64;
    private const string Command = "train";

    private readonly Random _random = new(7);
    private readonly List<string> _tokens = [];

    /// <summary>Submits until told to stop; ends when all calls are over.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        List<Task> running = [];
        while (!stop.IsCancellationRequested)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"job-{history.NextId()}");
            if (_random.Next(2) == 0) running.Add(SubmitAsync(name, null));
            else
            {
                _tokens.Add(name);
                for (var i = _random.Next(1, 4); i > 0; i--) running.Add(SubmitAsync(name, name));
                // One of an earlier time once more.
                var old = _tokens[_random.Next(_tokens.Count)];
                running.Add(SubmitAsync(old, old));
            }
            running.RemoveAll(static task => task.IsCompletedSuccessfully);
            await Task.Delay(_random.Next(500, 1500), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(running);
    }

    /// <summary>All jobs that an API lists.</summary>
    public static async Task<IReadOnlyList<StoredJob>> ListAsync(HttpClient api)
    {
        List<StoredJob> jobs = [];
        for (string? cursor = null; ;)
        {
            var page = await api.GetFromJsonAsync<JsonElement>($"/api/v1/jobs?tenant={Tenant}&limit=500{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            jobs.AddRange(page.GetProperty("items").EnumerateArray().Select(static j => new StoredJob(j.GetProperty("id").GetString()!, j.GetProperty("spec").GetProperty("name").GetString()!)));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
            if (cursor is null) return jobs;
        }
    }

    private Task SubmitAsync(string name, string? token)
    {
        var api = _random.Next(rest.Count);
        return _random.Next(2) == 0 ? RestAsync(name, token, api) : GrpcAsync(name, token, api);
    }

    private async Task RestAsync(string name, string? token, int api)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/jobs") { Content = JsonContent.Create(new { name, tenant = Tenant, workers = 1, gpusPerWorker = Gpus, command = new[] { Command } }) };
        if (token is not null) request.Headers.Add("Idempotency-Key", token);
        var submission = New(name, token, $"rest {api}");
        try
        {
            using var limit = new CancellationTokenSource(ObjectCalls.Limit);
            using var response = await rest[api].SendAsync(request, limit.Token);
            var body = await response.Content.ReadAsStringAsync(limit.Token);
            var detail = string.Create(CultureInfo.InvariantCulture, $"{(int)response.StatusCode}");
            submission = response.StatusCode switch
            {
                HttpStatusCode.OK or HttpStatusCode.Created => submission with
                {
                    Outcome = Outcome.Ok,
                    Job = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("id").GetString(),
                    Created = response.StatusCode == HttpStatusCode.Created,
                    Detail = detail,
                },
                < HttpStatusCode.InternalServerError => submission with { Outcome = Outcome.Refused, Detail = $"{detail} {body}" },
                _ => submission with { Detail = response.StatusCode == HttpStatusCode.ServiceUnavailable ? detail : $"{detail} {body}" },
            };
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            submission = submission with { Detail = e.Message };
        }
        history.Submissions.Enqueue(submission with { Completed = history.Now });
    }

    private async Task GrpcAsync(string name, string? token, int api)
    {
        var submission = New(name, token, $"grpc {api}");
        try
        {
            var answer = await new JobPlane.JobPlaneClient(grpc[api]).SubmitJobAsync(
                new() { Spec = new() { Name = name, Tenant = Tenant, Workers = 1, GpusPerWorker = Gpus, Command = { Command } }, ClientToken = token ?? "" }, deadline: DateTime.UtcNow + ObjectCalls.Limit);
            submission = submission with { Outcome = Outcome.Ok, Job = answer.Job.Id, Created = answer.Created, Detail = "OK" };
        }
        catch (RpcException e)
        {
            var isOpen = e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Internal or StatusCode.Unknown;
            submission = submission with { Outcome = isOpen ? Outcome.Unknown : Outcome.Refused, Detail = $"{e.StatusCode} {(isOpen ? "" : e.Status.Detail)}" };
        }
        history.Submissions.Enqueue(submission with { Completed = history.Now });
    }

    private Submission New(string name, string? token, string through) => new() { Id = history.NextId(), Name = name, Token = token, Through = through, Invoked = history.Now };
}
