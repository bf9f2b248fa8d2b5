using InferMesh.AppHost.Local;
using InferMesh.AppHost.Local.Health;

namespace InferMesh.Tests.Unit.AppHost.Local;

/// <summary>Healthy once the test says so.</summary>
internal sealed class GateHealth : IHealthCheck
{
    private volatile bool _open;

    public void Open() => _open = true;

    public Task<bool> IsHealthyAsync(ProcessLog log, CancellationToken cancellationToken) => Task.FromResult(_open);
}
