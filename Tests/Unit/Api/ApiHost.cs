using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using InferMesh.Api.Options;
using InferMesh.Tests.Unit.Api.Fakes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.Api;

/// <summary>The API as it runs, on a real port, over a fake mesh.</summary>
internal sealed class ApiHost : WebApplicationFactory<ApiSettings>
{
    private readonly Dictionary<string, string> _settings;
    private readonly ILoggerProvider? _log;

    public ApiHost(params (string Key, string Value)[] settings)
        : this(new FakeMesh(), settings)
    {
    }

    /// <summary>One more API of a mesh.</summary>
    public ApiHost(FakeMesh mesh, params (string Key, string Value)[] settings)
        : this(mesh, null, settings)
    {
    }

    /// <summary>An API whose log a test reads.</summary>
    public ApiHost(FakeMesh mesh, ILoggerProvider? log, params (string Key, string Value)[] settings)
    {
        (Mesh, _log) = (mesh, log);
        _settings = settings.ToDictionary(s => s.Key, s => s.Value);
        UseKestrel();
        StartServer();
        var address = Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        // Who asks before sending a body waits for the answer, also on a busy machine.
        Http = new(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) }) { BaseAddress = new(address) };
    }

    public FakeMesh Mesh { get; }

    public HttpClient Http { get; }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Http.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string path, string? json = null, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, json, headers);

    public Task<Answer> PutAsync(string path, string json, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Put, path, json, headers);

    public Task<Answer> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Delete, path, null, headers);

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("InferMesh:Http:Port", "0");
        builder.UseSetting("InferMesh:Http:GrpcPort", "0");
        builder.UseSetting("Logging:LogLevel:Default", "None");
        // Why a host does not start, or ends by itself, is worth knowing.
        builder.UseSetting("Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host", "Error");
        // Most tests are about what is done, not about who may do it.
        if (!_settings.Keys.Any(k => k.StartsWith("InferMesh:Security:", StringComparison.Ordinal) || k.Contains("AdminKeys", StringComparison.Ordinal))) builder.UseSetting("InferMesh:Security:Mode", "Development");
        foreach (var (key, value) in _settings) builder.UseSetting(key, value);
        builder.ConfigureTestServices(services =>
        {
            // The client would look for a cluster for ever.
            foreach (var hosted in services.Where(s => s.ServiceType == typeof(IHostedService) && IsOrleans(s)).ToList()) services.Remove(hosted);
            if (_log is not null) services.AddSingleton(_log);
            services.Replace(ServiceDescriptor.Singleton(Mesh.Client));
            services.Replace(ServiceDescriptor.Singleton<IGrainFactory>(Mesh.Client));
        });
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) Http.Dispose();
        base.Dispose(disposing);
    }

    private static bool IsOrleans(ServiceDescriptor service) =>
        (service.ImplementationType ?? service.ImplementationInstance?.GetType() ?? service.ImplementationFactory?.Method.DeclaringType)?.Assembly.GetName().Name?.StartsWith("Orleans", StringComparison.Ordinal) == true;
}

/// <summary>An answer, read to its end.</summary>
internal sealed record Answer(HttpStatusCode Status, string? ContentType, string Text, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string? Etag => Headers.ETag?.ToString();

    /// <summary>Fields of a validation problem, in order.</summary>
    public string[] ErrorFields => [.. Json.GetProperty("errors").EnumerateObject().Select(e => e.Name).Order(StringComparer.Ordinal)];

    public static async Task<Answer> OfAsync(HttpResponseMessage response) => new(
        response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers);

    /// <summary>The answer is problem details of this status, and says so.</summary>
    public Answer AssertProblem(int status)
    {
        Assert.AreEqual(status, (int)Status, Text);
        Assert.AreEqual("application/problem+json", ContentType);
        Assert.AreEqual(status, Json.GetProperty("status").GetInt32());
        StringAssert.StartsWith(Json.GetProperty("type").GetString(), "urn:infermesh:problem:");
        Assert.IsGreaterThan(0, Json.GetProperty("title").GetString()!.Length);
        return this;
    }

    public Answer AssertStatus(int status)
    {
        Assert.AreEqual(status, (int)Status, Text);
        return this;
    }
}
