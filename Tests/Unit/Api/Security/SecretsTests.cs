using System.Collections.Concurrent;
using System.Text.Json;
using InferMesh.Tests.Unit.Api.Fakes;
using InferMesh.Tests.Unit.Api.Ingress;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>Secrets are put wherever callers and settings may have them, and looked for wherever the API says something.</summary>
[TestClass]
public sealed class SecretsTests
{
    private const string Admin = "planted-admin-key-0123456789";
    private const string Guess = "planted-guess-0123456789abcdef";
    private const string Stolen = "im_abcdefghijkl_planted0123456789abcdef0123456789abcdef0123456789abcdef012345678";
    private const string Token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.planted-signature";
    private const string Password = "planted-password";

    [TestMethod]
    public async Task Run_WithPlantedSecrets_SaysNoneOfThemAgain()
    {
        using var log = new Lines();
        await using var runtime = await FakeRuntime.StartAsync(context => context.Response.WriteAsync("{}"));
        var mesh = new FakeMesh();
        using var api = new ApiHost(mesh, log, ("InferMesh:Api:AdminKeys:0", Admin), ("Logging:LogLevel:Default", "Trace"), ("ConnectionStrings:meshdb", $"Host=127.0.0.1;Password={Password}"), ("ConnectionStrings:redis", $"127.0.0.1:1,password={Password}"));
        mesh.Router.Decision = Grpc.Fakes.FakeRouter.Routed("d1", Grpc.Fakes.FakeRouter.Target("n1", runtime.Url));
        var secrets = new List<string> { Admin, Guess, Stolen["im_abcdefghijkl_".Length..], "planted-signature", Password };
        var said = new List<string>();
        (string, string) admin = ("x-api-key", Admin);

        // A key that is made: its secret is in this one answer.
        var made = (await api.PostAsync("/api/v1/keys", """{"name":"chat","roles":["inference-user"],"tenant":"acme"}""", admin)).AssertStatus(201).Json;
        var key = made.GetProperty("key").GetString()!;
        secrets.Add(key[(key.LastIndexOf('_') + 1)..]);
        said.Add((await api.GetAsync("/api/v1/keys", admin)).AssertStatus(200).Text);

        // Good and bad ways to sign in.
        foreach (var (name, value) in new[] { ("x-api-key", Guess), ("Authorization", $"Bearer {Guess}"), ("Authorization", $"Bearer {Stolen}"), ("Authorization", $"Bearer {Token}"), ("Authorization", $"Basic {Guess}"), ("Authorization", Guess), ("Cookie", $"key={Guess}"), ("x-api-key", key), ("Authorization", $"Bearer {key}") })
        {
            said.Add((await api.GetAsync("/api/v1/nodes", (name, value))).Text);
            said.Add((await api.PutAsync("/api/v1/tenants/acme", "{}", (name, value), ("If-Match", "*"))).Text);
            said.Add((await api.PostAsync("/v1/chat/completions", """{"model":"m"}""", (name, value))).Text);
        }

        // In the wrong place: query, body, address, another header.
        said.Add((await api.GetAsync($"/api/v1/nodes?api_key={Guess}", admin)).AssertProblem(400).Text);
        said.Add((await api.PostAsync("/api/v1/policies", $$"""{"name":"p","kind":"routing","apiKey":"{{Guess}}"}""", admin)).AssertProblem(400).Text);
        said.Add((await api.PostAsync("/api/v1/policies", $$"""{"name":"p","priority":"{{Guess}}"}""", admin)).AssertProblem(400).Text);
        said.Add((await api.DeleteAsync($"/api/v1/keys/{key}", admin)).Text);
        said.Add((await api.DeleteAsync($"/api/v1/keys/{Stolen}", admin)).Text);
        said.Add((await api.GetAsync($"/api/v1/nodes/{Stolen}", admin)).Text);
        said.Add((await api.PostAsync($"/api/v1/nodes/{Stolen}:cordon", "{}", admin)).Text);
        said.Add((await api.PutAsync("/api/v1/tenants/acme", "{}", admin, ("If-Match", Guess))).Text);

        // A failure of ours whose reason has a secret in it.
        mesh.Failures.Enqueue(new InvalidCastException($"Host=127.0.0.1;Password={Password}"));
        said.Add((await api.GetAsync("/api/v1/policies/p", admin)).Text);

        (await api.PostAsync("/v1/chat/completions", """{"model":"m"}""", ("Authorization", $"Bearer {Admin}"))).AssertStatus(200);
        Assert.IsFalse(runtime.Requests.Any(r => r.Headers.Values.Any(v => v.Contains(Admin, StringComparison.Ordinal) || v.Contains(key, StringComparison.Ordinal))), "a runtime got a key of the mesh");

        said.Add((await api.GetAsync("/openapi/v1.json")).AssertStatus(200).Text);
        said.Add((await api.GetAsync("/swagger/index.html")).AssertStatus(200).Text);
        said.Add((await api.GetAsync("/health/ready")).Text);
        await Eventually.HoldsAsync(() => Events(mesh).Contains("AUDIT_DENIED", StringComparison.Ordinal) && Events(mesh).Contains("acme", StringComparison.Ordinal), "the audit is written");
        said.Add(Events(mesh));

        Assert.IsGreaterThan(10, log.All.Count(line => line.Contains("Audit", StringComparison.Ordinal)), "the log is read");
        foreach (var secret in secrets)
        {
            foreach (var text in said) Assert.DoesNotContain(secret, text);
            // The log of a failure has its reason: whoever throws keeps secrets out of it.
            foreach (var line in log.All.Where(line => !line.Contains("no repetition mends", StringComparison.Ordinal))) Assert.DoesNotContain(secret, line);
        }
    }

    private static string Events(FakeMesh mesh) => JsonSerializer.Serialize(mesh.Events.ReadAfter(0, 1000, TimeSpan.Zero).Result.Events);

    /// <summary>All that is logged, with exceptions.</summary>
    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
