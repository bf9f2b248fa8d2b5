using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>YARP as its own guide sets it up: one route, one cluster, everything else as it comes.</summary>
internal static class YarpServer
{
    public static Task RunAsync(int port, IEnumerable<int> upstreams)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new() { RouteId = "all", ClusterId = "upstream", Match = new() { Path = "{**path}" } }],
            [
                new()
                {
                    ClusterId = "upstream",
                    LoadBalancingPolicy = "RoundRobin",
                    Destinations = upstreams.ToDictionary(u => u.ToString(CultureInfo.InvariantCulture), u => new DestinationConfig { Address = $"http://127.0.0.1:{u}" }),
                },
            ]);
        var app = builder.Build();
        app.MapReverseProxy();
        return app.RunAsync();
    }
}
