using InferMesh.Adapters.Runtimes;
using InferMesh.Adapters.Tls;
using InferMesh.Cli.Agent.Config;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Models;

/// <summary>The runtimes that the agent may change, by the address that reports give them.</summary>
internal sealed class ControlledRuntimes
{
    private readonly Dictionary<string, (ControlledRuntime Said, IRuntimeControl Control)> _runtimes = new(StringComparer.Ordinal);

    /// <param name="config">What the agent's file says: runtimes with <c>control: true</c>.</param>
    /// <param name="clients">Clients for commands.</param>
    /// <param name="time">Clock of their limits.</param>
    public ControlledRuntimes(AgentConfig config, ProbeClients clients, TimeProvider time)
    {
        foreach (var runtime in config.Runtimes.Where(r => r.Control))
        {
            var control = RuntimeKinds.CreateControl(runtime.Kind, clients.For(runtime.Tls), ProbeFactory.Options(runtime), time);
            var endpoint = Address.Root(runtime.Advertise);
            _runtimes[endpoint] = (new() { Endpoint = endpoint, Runtime = runtime.Kind, Gpu = runtime.Gpu, Actions = { RuntimeActions.Of(control) } }, control);
        }
    }

    public bool Any => _runtimes.Count > 0;

    /// <summary>What the mesh is told of them.</summary>
    public IEnumerable<ControlledRuntime> Said => _runtimes.Values.Select(r => r.Said);

    /// <summary>The control of a runtime; null when it is none of these.</summary>
    public IRuntimeControl? Find(string endpoint) => _runtimes.TryGetValue(endpoint, out var runtime) ? runtime.Control : null;
}
