using System.Net;
using System.Text.Json;
using InferMesh.ServiceDefaults;
using InferMesh.ServiceDefaults.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.ServiceDefaults.Health;

[TestClass]
public sealed class HealthEndpointsTests
{
    [TestMethod]
    [DataRow("/health", 503, "process,cluster")]
    [DataRow("/health/ready", 503, "cluster")]
    [DataRow("/health/live", 200, "process")]
    [DataRow("/alive", 200, "process")]
    public async Task Get_OneCheckUnhealthy_AnswersForItsOwnTagsOnly(string path, int status, string checks)
    {
        await using var app = await StartAsync(HealthCheckResult.Unhealthy("not joined", new InvalidOperationException("Password=secret")));
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();

        Assert.AreEqual((HttpStatusCode)status, response.StatusCode);
        Assert.DoesNotContain("secret", text);
        using var body = JsonDocument.Parse(text);
        var names = body.RootElement.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString());
        Assert.AreEqual(checks, string.Join(',', names));
        Assert.AreEqual(status == 200 ? "Healthy" : "Unhealthy", body.RootElement.GetProperty("status").GetString());
    }

    [TestMethod]
    public async Task Get_Metrics_IsAPrometheusPage()
    {
        await using var app = await StartAsync(HealthCheckResult.Healthy());
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        await client.GetStringAsync(new Uri("/alive", UriKind.Relative));

        var page = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));

        Assert.Contains("# TYPE dotnet_process_memory_working_set_bytes", page);
    }

    private static async Task<WebApplication> StartAsync(HealthCheckResult cluster)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        builder.Services.AddHealthChecks().AddCheck("cluster", () => cluster, [HealthTags.Ready]);
        var app = builder.Build();
        app.MapServiceDefaults();
        await app.StartAsync();
        return app;
    }
}
