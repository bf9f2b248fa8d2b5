using System.Net;
using Grpc.Net.Client;
using InferMesh.Api.Calls;
using InferMesh.Api.Grpc;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Grpc.State;
using InferMesh.Api.Ingress;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Options;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Keys;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Idempotency;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Grains.Abstractions.Security;
using InferMesh.Grains.Abstractions.Tenancy;
using InferMesh.Grains.Idempotency;
using InferMesh.ServiceDefaults.Health;
using InferMesh.ServiceDefaults.Options;
using InferMesh.Tests.Unit.Api.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.Api.Grpc.Fakes;

/// <summary>The planes of the API on real sockets, over grains that are plain objects.</summary>
internal sealed class ApiUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiUnderTest(WebApplication app)
    {
        _app = app;
        var urls = app.Urls.ToArray();
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxResponseDrainSize = 0 }) { BaseAddress = new Uri(urls[0]) };
        Http2Url = urls[1];
        Channel = GrpcChannel.ForAddress(Http2Url);
    }

    public FakeRouter Router { get; private init; } = null!;

    public FakeFleet Fleet { get; private init; } = null!;

    public FakePolicies Policies { get; private init; } = null!;

    public FakeExperiments Experiments { get; private init; } = null!;

    public FakeEventLog Events { get; private init; } = null!;

    public FakeTenants Tenants { get; private init; } = null!;

    public FakeJobs Jobs { get; private init; } = null!;

    public FakeEndpoints Endpoints { get; private init; } = null!;

    public FakePlugins Plugins { get; private init; } = null!;

    public FakeKeyRing Keys { get; private init; } = null!;

    public FakePublisher Publisher { get; private init; } = null!;

    public HttpClient Http { get; }

    /// <summary>Address of the port that speaks HTTP/2 without TLS.</summary>
    public string Http2Url { get; }

    public GrpcChannel Channel { get; }

    public IServiceProvider Services => _app.Services;

    public static Task<ApiUnderTest> StartAsync(params (string Key, string Value)[] ingress) => StartAsync(_ => { }, ingress);

    /// <summary>Headers of a caller with a key that was never made.</summary>
    public static global::Grpc.Core.Metadata Stranger => new() { { "x-api-key", ApiKeyText.New(ApiKeyText.NewPrefix()) } };

    /// <param name="prepare">Called before the ingress begins to follow the endpoints.</param>
    /// <param name="ingress">Settings of the ingress; those of others with their whole names.</param>
    public static async Task<ApiUnderTest> StartAsync(Action<FakeEndpoints> prepare, params (string Key, string Value)[] ingress)
    {
        var (router, fleet, policies, events, publisher, grains) = (new FakeRouter(), new FakeFleet(), new FakePolicies(), new FakeEventLog(), new FakePublisher(), new FakeGrains());
        var (tenants, keys) = (new FakeTenants(), new FakeKeyRing());
        fleet.AddTo(grains, tenants);
        policies.AddTo(grains);
        var experiments = new FakeExperiments();
        grains.Add<IExperimentGrain>(experiments.Experiment).Add<IExperimentIndexGrain>(_ => experiments);
        var jobs = new FakeJobs();
        grains.Add<IJobGrain>(jobs.Job).Add<IJobIndexGrain>(_ => jobs).Add<IJobSchedulerGrain>(_ => jobs).Add<INodeJobsGrain>(jobs.Node);
        var endpoints = new FakeEndpoints();
        prepare(endpoints);
        var plugins = new FakePlugins();
        grains.Add<IPluginIndexGrain>(_ => plugins).Add<IPluginGateGrain>(_ => plugins).Add<IPluginGrain>(plugins.Plugin);
        grains.Add<IRouterGrain>(_ => router).Add<IIdempotencyGrain>(_ => new FakeIdempotency()).Add<IEventLogGrain>(_ => events).Add<ITenantGrain>(tenants.Tenant).Add<ITenantGateGrain>(_ => tenants.Gate).Add<IKeyRingGrain>(_ => keys).Add<IEndpointIndexGrain>(_ => endpoints).Add(endpoints.Endpoint);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create($"{SecuritySettings.Section}:{nameof(SecuritySettings.Mode)}", (string?)nameof(SecurityMode.Development))]);
        builder.Configuration.AddInMemoryCollection(ingress.Select(setting => KeyValuePair.Create(setting.Key.Contains(':', StringComparison.Ordinal) ? setting.Key : $"{IngressSettings.Section}:{setting.Key}", (string?)setting.Value)));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRouting();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IGrainFactory>(grains).AddSingleton<ITelemetryPublisher>(publisher);
        builder.Services.AddHealthChecks().AddCheck("cluster", () => HealthCheckResult.Healthy(), [HealthTags.Ready]);
        builder.Services.AddGrainCalls();
        builder.Services.AddMeshOptions<ApiSettings>(builder.Configuration, ApiSettings.Section);
        builder.Services.AddMeshOptions<SecuritySettings>(builder.Configuration, SecuritySettings.Section);
        builder.Services.AddMeshOptions<RateLimitSettings>(builder.Configuration, RateLimitSettings.Section);
        builder.Services.AddMeshSecurity();
        builder.Services.AddGrpcPlanes();
        builder.Services.AddIngress(builder.Configuration);
        var app = builder.Build();
        app.UseRouting();
        app.UseMeshSecurity();
        app.UseUnreadableCalls();
        app.MapGrpcPlanes();
        app.MapIngress();
        await app.StartAsync();
        return new ApiUnderTest(app) { Router = router, Fleet = fleet, Policies = policies, Experiments = experiments, Events = events, Tenants = tenants, Jobs = jobs, Endpoints = endpoints, Plugins = plugins, Publisher = publisher, Keys = keys };
    }

    /// <summary>Writes an endpoint and waits until the ingress knows it.</summary>
    public async Task PutEndpointAsync(string name, EndpointSpec spec)
    {
        await Endpoints.PutAsync(name, spec);
        var directory = _app.Services.GetRequiredService<EndpointDirectory>();
        await Eventually.HoldsAsync(() => directory.CurrentAsync(default).AsTask().Result?.Find(name)?.Spec == Endpoints.Current.First(e => e.Name == name).Spec, $"{name} is known");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Channel.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>Remembers answers as the grain does.</summary>
internal sealed class FakeIdempotency : IIdempotencyGrain
{
    private readonly IdempotencyRecord _record = new();

    public Task<IdempotencyResult> Begin(string fingerprint, TimeSpan lease)
    {
        lock (_record) return Task.FromResult(_record.Begin(fingerprint, lease, DateTimeOffset.UtcNow));
    }

    public Task<bool> Complete(string fingerprint, StoredAnswer answer)
    {
        lock (_record) return Task.FromResult(_record.Complete(fingerprint, answer, DateTimeOffset.UtcNow));
    }

    public Task<bool> Abandon(string fingerprint)
    {
        lock (_record) return Task.FromResult(_record.Abandon(fingerprint));
    }
}
