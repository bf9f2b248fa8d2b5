namespace InferMesh.AppHost.Local;

/// <summary>Starts processes tier by tier, keeps them running, and stops them in the reverse order.</summary>
internal sealed class Supervisor(SupervisionOptions options, ISupervisionListener listener, Func<ProcessSpec, ProcessLog> openLog, PidFiles? pidFiles = null, TimeProvider? time = null) : IDisposable
{
    private readonly List<IReadOnlyList<Supervised>> _tiers = [];

    public IEnumerable<Supervised> Running => _tiers.SelectMany(t => t);

    /// <summary>Starts the processes of one tier together and returns when all of them are healthy.</summary>
    /// <exception cref="ProcessFailedException">The first that does not come up.</exception>
    public async Task StartTierAsync(IReadOnlyList<ProcessSpec> tier, CancellationToken cancellationToken)
    {
        List<Supervised> processes = [.. tier.Select(s => new Supervised(s, options, openLog(s), listener, pidFiles, time ?? TimeProvider.System))];
        _tiers.Add(processes);
        foreach (var process in processes) process.Start();
        // Not WhenAll: the first failure is told at once, without waiting for the others' limit.
        await foreach (var healthy in Task.WhenEach(processes.Select(p => p.HealthyAsync(cancellationToken)))) await healthy;
    }

    /// <summary>Stops what was started last first; the processes of a tier together. After it nothing runs.</summary>
    public async Task StopAsync(CancellationToken hurry = default)
    {
        foreach (var tier in Enumerable.Reverse(_tiers)) await Task.WhenAll(tier.Select(p => p.StopAsync(hurry)));
    }

    public void Dispose()
    {
        foreach (var process in Running) process.Dispose();
    }
}
