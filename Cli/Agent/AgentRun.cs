using InferMesh.Adapters.Gpu.Dcgm;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Agent.Metrics;
using InferMesh.Cli.Agent.Models;
using InferMesh.Cli.Agent.Reporting;
using InferMesh.Cli.Agent.Training;

namespace InferMesh.Cli.Agent;

/// <summary>One agent from its configuration: probes, connections and reports, until cancelled.</summary>
internal static class AgentRun
{
    /// <exception cref="RegistrationRejectedException">The mesh refuses the node as it is configured.</exception>
    public static async Task RunAsync(AgentConfig config, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var log = new AgentLog(logger);
        using var clients = new ProbeClients();
        StatePlaneTarget[] targets = [.. config.Targets.Select(target => new StatePlaneTarget(target, config.Tls, config.Credential, time, log.TlsFailed))];
        try
        {
            var probes = ProbeFactory.Create(config, clients, time);
            await using var metrics = config.Metrics is { } listen ? await AgentMetrics.ServeAsync(listen, config, probes.Gpu as DcgmGpuSource, cancellationToken) : null;
            await using var probe = NodeProbe.Start(probes, time);
            var options = new ReporterOptions { Interval = config.Interval, Epoch = NodeEpoch.Begin(time) };
            var reporter = new NodeReporter(Identity(config), probe, targets, options, log, time, Random.Shared) { Observer = metrics is null ? log.Observe : reading => { log.Observe(reading); metrics.Observe(reading); } };
            var controlled = new ControlledRuntimes(config, clients, time);
            List<Func<CancellationToken, Task>> all = [reporter.RunAsync];
            if (controlled.Any) all.Add(new AssignmentWatcher(config.Node.Id, controlled, targets, time, Random.Shared, logger).RunAsync);
            if (config.Training.Enabled) all.Add(new JobWatcher(config.Node, config.Training, targets, time, Random.Shared, logger).RunAsync);
            await RunAllAsync(all, cancellationToken);
        }
        finally
        {
            foreach (var target in targets)
                target.Dispose();
        }
    }

    /// <summary>Runs the reports and what else there is until they end; the first to end ends the others.</summary>
    private static async Task RunAllAsync(IEnumerable<Func<CancellationToken, Task>> all, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] running = [.. all.Select(one => one(stop.Token))];
        await Task.WhenAny(running);
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    internal static NodeIdentity Identity(AgentConfig config) => new()
    {
        Node = config.Node,
        Synthetic = config.Gpu.Source == GpuSourceKind.Synthetic || config.Node.Labels.ContainsKey(NodeConfigReader.SyntheticLabel),
    };
}
