using System.Net;
using InferMesh.Cli.Fleet.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace InferMesh.Cli.Fleet;

/// <summary>N synthetic runtimes as real HTTP servers on 127.0.0.1: one Kestrel host with a port per node and one for the admin interface.</summary>
internal sealed class SyntheticFleet : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _engines;

    private SyntheticFleet(WebApplication host, SyntheticNode[] nodes, Uri admin)
    {
        _host = host;
        Nodes = nodes;
        AdminEndpoint = admin;
        _engines = [.. nodes.Select(node => Task.Run(() => node.Engine.RunAsync(_stop.Token)))];
    }

    public IReadOnlyList<SyntheticNode> Nodes { get; }

    /// <summary>Base address of the admin interface.</summary>
    public Uri AdminEndpoint { get; }

    /// <summary>Starts every node; returns when all serve.</summary>
    /// <exception cref="UsageException">An option is out of its range.</exception>
    /// <exception cref="CommandFailedException">A port is taken.</exception>
    public static async Task<SyntheticFleet> StartAsync(FleetOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        Validate(options);
        var nodes = FleetPlan.Lay(options, time);

        // An empty builder reads no environment and no files: nothing can move a port off 127.0.0.1.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
        builder.WebHost.UseKestrelCore();
        var listeners = new List<ListenOptions>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = CompletionHandler.MaxBodyBytes;
            for (var i = 0; i < nodes.Length; i++)
            {
                var node = nodes[i];
                kestrel.Listen(IPAddress.Loopback, options.BasePort == 0 ? 0 : options.BasePort + i, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(next => new NodeConnectionMiddleware(node, next).OnConnectionAsync);
                    listeners.Add(listen);
                });
            }

            kestrel.Listen(IPAddress.Loopback, options.AdminPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listeners.Add(listen);
            });
        });

        var host = builder.Build();
        var admin = new AdminHandler(nodes);
        host.Run(context => context.Features.Get<SyntheticNode>() is { } node
            ? NodeHandler.HandleAsync(context, node)
            : admin.HandleAsync(context));
        await StartHostAsync(host, options, cancellationToken);

        for (var i = 0; i < nodes.Length; i++)
            nodes[i].Endpoint = AddressOf(listeners[i]);
        return new SyntheticFleet(host, nodes, AddressOf(listeners[^1]));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var node in Nodes)
        {
            node.Engine.CancelAll();
            node.Connections.AbortAll();
        }

        await Task.WhenAll(_engines);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _host.StopAsync(limit.Token);
        await _host.DisposeAsync();
        _stop.Dispose();
    }

    private static async Task StartHostAsync(WebApplication host, FleetOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            await host.DisposeAsync();
            throw new CommandFailedException(
                $"a port is taken ({exception.Message}); choose another --base-port (now {options.BasePort}) or --admin-port (now {options.AdminPort}), or 0 for any free ports");
        }
    }

    private static Uri AddressOf(ListenOptions listener) => new($"http://127.0.0.1:{((IPEndPoint)listener.EndPoint).Port}");

    private static void Validate(FleetOptions options)
    {
        if (options.Nodes is < 1 or > 2048)
            throw new UsageException("--nodes must be from 1 to 2048");
        if (options.Cells < 1 || options.Cells > options.Nodes)
            throw new UsageException($"--cells must be from 1 to the number of nodes ({options.Nodes})");
        if (options.BasePort != 0 && (options.BasePort < 1024 || options.BasePort + options.Nodes > 65536))
            throw new UsageException("--base-port must be 0 (any free ports) or from 1024 to 65536 less the number of nodes");
        if (options.AdminPort is not 0 and (< 1024 or > 65535))
            throw new UsageException("--admin-port must be 0 (any free port) or from 1024 to 65535");
        if (options.BasePort != 0 && options.AdminPort >= options.BasePort && options.AdminPort < options.BasePort + options.Nodes)
            throw new UsageException($"--admin-port {options.AdminPort} is one of the nodes' ports; choose one outside {options.BasePort} to {options.BasePort + options.Nodes - 1}");
        if (options.TimeScale is not (>= 0.001 and <= 1000))
            throw new UsageException("--time-scale must be from 0.001 to 1000");
        if (options.Models.Count == 0 || options.Models.Any(string.IsNullOrWhiteSpace))
            throw new UsageException("--model must name at least one model");
    }
}
