using System.Diagnostics.CodeAnalysis;
using System.Net;
using Grpc.Net.Client;
using InferMesh.Api.Calls;
using InferMesh.Api.Grpc;
using InferMesh.Api.Grpc.State;
using InferMesh.Api.Ingress;
using InferMesh.Api.Security;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.ServiceDefaults.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
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
        Channel = GrpcChannel.ForAddress(urls[1]);
    }

    public FakeRouter Router { get; private init; } = null!;

    public FakeFleet Fleet { get; private init; } = null!;

    public FakePolicies Policies { get; private init; } = null!;

    public FakeEventLog Events { get; private init; } = null!;

    public FakePublisher Publisher { get; private init; } = null!;

    public FakeGuard Guard { get; private init; } = null!;

    public HttpClient Http { get; }

    public GrpcChannel Channel { get; }

    public static async Task<ApiUnderTest> StartAsync(params (string Key, string Value)[] ingress)
    {
        var (router, fleet, policies, events, publisher, guard, grains) = (new FakeRouter(), new FakeFleet(), new FakePolicies(), new FakeEventLog(), new FakePublisher(), new FakeGuard(), new FakeGrains());
        fleet.AddTo(grains);
        policies.AddTo(grains);
        grains.Add<IRouterGrain>(_ => router).Add<IEventLogGrain>(_ => events);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(ingress.Select(setting => KeyValuePair.Create($"{IngressSettings.Section}:{setting.Key}", (string?)setting.Value)));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddRouting();
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IGrainFactory>(grains).AddSingleton<ITelemetryPublisher>(publisher).AddSingleton<IMutationGuard>(guard);
        builder.Services.AddHealthChecks().AddCheck("cluster", () => HealthCheckResult.Healthy(), [HealthTags.Ready]);
        builder.Services.AddGrainCalls();
        builder.Services.AddGrpcPlanes();
        builder.Services.AddIngress(builder.Configuration);
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcPlanes();
        app.MapIngress();
        await app.StartAsync();
        return new ApiUnderTest(app) { Router = router, Fleet = fleet, Policies = policies, Events = events, Publisher = publisher, Guard = guard };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Channel.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>A guard that lets everybody through until told otherwise.</summary>
internal sealed class FakeGuard : IMutationGuard
{
    public ProblemDetails? Refusal { get; set; }

    public bool Allowed(HttpContext context, [NotNullWhen(false)] out ProblemDetails? problem)
    {
        problem = Refusal;
        return problem is null;
    }
}
