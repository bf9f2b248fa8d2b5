using InferMesh.Adapters.Probing;
using InferMesh.Cli.Agent.Config;
using InferMesh.Cli.Agent.Reporting;

namespace InferMesh.Cli.Agent;

/// <summary>One agent from its configuration: probes, connections and reports, until cancelled.</summary>
internal static class AgentRun
{
    /// <exception cref="RegistrationRejectedException">The mesh refuses the node as it is configured.</exception>
    public static async Task RunAsync(AgentConfig config, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var log = new AgentLog(logger);
        using var client = ProbeFactory.Client();
        StatePlaneTarget[] targets = [.. config.Targets.Select(target => new StatePlaneTarget(target))];
        try
        {
            await using var probe = NodeProbe.Start(ProbeFactory.Create(config, client, time), time);
            var options = new ReporterOptions { Interval = config.Interval, Epoch = NodeEpoch.Begin(time) };
            var reporter = new NodeReporter(Identity(config), probe, targets, options, log, time, Random.Shared) { Observer = log.Observe };
            await reporter.RunAsync(cancellationToken);
        }
        finally
        {
            foreach (var target in targets)
                target.Dispose();
        }
    }

    internal static NodeIdentity Identity(AgentConfig config) => new()
    {
        NodeId = config.Node.Id,
        Cell = config.Node.Cell,
        Zone = config.Node.Zone,
        Region = config.Node.Region,
        FailureDomain = config.Node.FailureDomain,
        Labels = config.Node.Labels,
        Roles = config.Node.Roles,
        Synthetic = config.Gpu.Source == GpuSourceKind.Synthetic || config.Node.Labels.ContainsKey(NodeConfigReader.SyntheticLabel),
    };
}
