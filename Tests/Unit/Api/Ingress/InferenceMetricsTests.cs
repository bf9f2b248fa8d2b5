using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using InferMesh.Api.Ingress;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace InferMesh.Tests.Unit.Api.Ingress;

/// <summary>What is counted of requests, and by which names.</summary>
[TestClass]
public sealed class InferenceMetricsTests
{
    private const string FirstToken = "gen_ai.server.time_to_first_token";
    private const string Duration = "gen_ai.server.request.duration";
    private const string Requests = "infermesh.inference.requests";

    [TestMethod]
    [DataRow(true, 1)]
    [DataRow(false, 0)]
    public async Task FirstToken_IsMeasuredOfStreamsAlone(bool streamed, int expected)
    {
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = streamed ? "text/event-stream" : "application/json";
            await context.Response.WriteAsync(streamed ? "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n" : "{}");
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        using var figures = new Figures(api);
        await PostAsync(api, streamed ? """{"model":"m","stream":true}""" : """{"model":"m"}""");
        await Eventually.HoldsAsync(() => figures.Of(Duration).Count == 1, "the end of the request");
        Assert.HasCount(expected, figures.Of(FirstToken));
    }

    [TestMethod]
    public async Task Labels_NameWhatTheMeshKnows_AndNothingThatCallersMakeUp()
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        await api.Tenants.Tenant("acme").Put(new(), PolicyVersions.None, "test");
        api.Router.OnRoute = query => query.Model switch
        {
            "m" => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url)),
            "full" => new() { Status = RouteStatus.Overloaded },
            "unknown" => new() { Status = RouteStatus.ModelUnknown },
            _ => new() { Status = RouteStatus.Forbidden },
        };
        using var figures = new Figures(api);
        (string Model, string Tenant, string Class)[] asked = [("m", "acme", ""), ("m", "made-up", "made-up"), ("full", "acme", ""), ("unknown", "acme", ""), ("made-up", "acme", "")];
        foreach (var (model, tenant, sloClass) in asked)
        {
            await PostAsync(api, $$"""{"model":"{{model}}"}""", ("x-infermesh-tenant", tenant), ("x-infermesh-slo", sloClass));
            await Eventually.HoldsAsync(() => figures.Of(Duration).Count == Array.IndexOf(asked, (model, tenant, sloClass)) + 1, "the end of the request");
        }
        CollectionAssert.AreEqual(
            new[] { "m acme ", "m other other", "full acme ", " acme ", "other acme " },
            figures.Of(Requests).Select(static t => $"{t["model"]} {t["tenant"]} {t["slo_class"]}").ToArray());
    }

    private static async Task PostAsync(ApiUnderTest api, string body, params (string Name, string Value)[] headers)
    {
        using var request = IngressForwardingTests.Post(body);
        foreach (var (name, value) in headers.Where(static h => h.Value.Length > 0)) request.Headers.Add(name, value);
        using var response = await api.Http.SendAsync(request);
        await response.Content.ReadAsStringAsync();
    }

    /// <summary>The figures of one API.</summary>
    private sealed class Figures : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string Name, Dictionary<string, object?> Tags)> _all = new();

        public Figures(ApiUnderTest api)
        {
            var factory = api.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == InferenceMetrics.Name && ReferenceEquals(instrument.Meter.Scope, factory)) listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Take(instrument, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Take(instrument, tags));
            _listener.Start();
        }

        public IReadOnlyList<Dictionary<string, object?>> Of(string name) => [.. _all.Where(f => f.Name == name).Select(static f => f.Tags)];

        public void Dispose() => _listener.Dispose();

        private void Take(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var all = new Dictionary<string, object?>();
            foreach (var (name, value) in tags) all[name] = value;
            _all.Enqueue((instrument.Name, all));
        }
    }
}
