using System.Net;
using InferMesh.Adapters.Gpu.Dcgm;
using InferMesh.Adapters.Probing;
using InferMesh.Cli.Agent.Config;

namespace InferMesh.Cli.Agent.Metrics;

/// <summary>
/// The metrics page of an agent: whether its sources answer, and what a dcgm-exporter says, with the node as a label more. What the mesh makes of the readings is on the silos' pages.
/// </summary>
internal sealed class AgentMetrics : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly string _node;
    private readonly string _source;
    private readonly DcgmGpuSource? _dcgm;
    private volatile string? _gpuFailure;
    private volatile RuntimePart? _runtimes;

    private AgentMetrics(WebApplication host, AgentConfig config, DcgmGpuSource? dcgm) =>
        (_host, _node, _source, _dcgm) = (host, config.Node.Id, GpuConfigReader.NameOf(config.Gpu.Source), dcgm);

    /// <summary>Shows the page until disposed.</summary>
    /// <param name="listen">Address and port.</param>
    /// <param name="config">What the agent does.</param>
    /// <param name="dcgm">Source whose metrics are passed on; null for none.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="CommandFailedException">The port is taken or may not be opened.</exception>
    public static async Task<AgentMetrics> ServeAsync(IPEndPoint listen, AgentConfig config, DcgmGpuSource? dcgm, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(listen));
        var host = builder.Build();
        var metrics = new AgentMetrics(host, config, dcgm);
        host.Run(metrics.AnswerAsync);
        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            await host.DisposeAsync();
            throw new CommandFailedException($"metrics.listen: {listen} cannot be opened: {e.Message}");
        }
        return metrics;
    }

    /// <summary>Takes what the probes last read.</summary>
    public void Observe(NodeReading reading)
    {
        _gpuFailure = reading.GpuFailure;
        _runtimes = reading.Runtimes ?? _runtimes;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>The page as it is now.</summary>
    internal string Page()
    {
        var runtimes = _runtimes?.Runtimes ?? [];
        KeyValuePair<string, string> node = new("node", _node);
        return new MetricsText()
            .Gauge("infermesh_agent_info", "1, with what the agent reads as labels.", 1, node, new("gpu_source", _source))
            .Gauge("infermesh_agent_gpu_source_up", "1 when the last read of the GPUs succeeded, or when there are none to read.", string.IsNullOrEmpty(_gpuFailure) ? 1 : 0, node)
            .Gauge("infermesh_agent_runtimes", "Runtimes that the agent reads.", runtimes.Count, node)
            .Gauge("infermesh_agent_runtimes_failing", "Of these, those that did not answer the last read.", runtimes.Count(static r => r.Error.Length > 0), node)
            .Families(_dcgm?.Families ?? [], "node", _node)
            .ToString();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/metrics" || !HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        context.Response.ContentType = MetricsText.ContentType;
        await context.Response.WriteAsync(Page(), context.RequestAborted);
    }
}
