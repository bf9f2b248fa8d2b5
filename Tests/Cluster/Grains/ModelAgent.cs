using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Abstractions.Nodes;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>An agent with one runtime that loads what it is told and reports what it has.</summary>
internal sealed class ModelAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly string _node;
    private readonly Func<ModelCommand, string> _error;
    private readonly Task _running;

    private ModelAgent(string node, string[] loaded, Func<ModelCommand, string> error)
    {
        (_node, _error) = (node, error);
        foreach (var model in loaded) Loaded[model] = true;
        _running = Task.WhenAll(Task.Run(ReportAsync), Task.Run(WatchAsync));
    }

    public ConcurrentDictionary<string, bool> Loaded { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<ModelCommand> Commands { get; } = [];

    private string Endpoint => $"http://{_node}:8000";

    /// <param name="node">Node, which is registered.</param>
    /// <param name="error">What comes of a command; "" does it.</param>
    /// <param name="loaded">What the runtime has.</param>
    public static async Task<ModelAgent> StartAsync(string node, Func<ModelCommand, string>? error = null, params string[] loaded)
    {
        await RegisterAsync(node, "cell-of-models");
        return new(node, loaded, error ?? (_ => ""));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ReportAsync()
    {
        var epoch = DateTime.UtcNow.Ticks;
        for (var sequence = 1L; !_stop.IsCancellationRequested; sequence++)
        {
            await MeshCluster.ReportAsync(new()
            {
                NodeId = _node,
                Epoch = epoch,
                Sequence = sequence,
                SampledAt = DateTimeOffset.UtcNow,
                Gpus = [new() { GpuUuid = $"GPU-{_node}", VramTotalBytes = 80L << 30, VramUsedBytes = 0 }],
                Runtimes = [new() { Runtime = "triton", Endpoint = Endpoint, Healthy = true, Models = [.. Loaded.Keys.Select(m => new ModelSample { Model = m, Running = 0, Waiting = 0, MaxConcurrency = 8 })] }],
            });
            await Task.Delay(200, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAsync()
    {
        var grain = Client.GetGrain<INodeModelsGrain>(_node);
        ControlledRuntime[] runtimes = [new(Endpoint, "triton", "H100", [ModelAction.Load, ModelAction.Unload])];
        var known = new HashSet<string>();
        for (var version = 0L; !_stop.IsCancellationRequested;)
        {
            if (await grain.Watch(version, runtimes, TimeSpan.FromSeconds(1)) is not { } assignment) continue;
            version = assignment.Version;
            foreach (var command in assignment.Commands.Where(c => known.Add(c.Id)))
            {
                Commands.Enqueue(command);
                var error = _error(command);
                if (error.Length == 0 && command.Action == ModelAction.Load) Loaded[command.Model] = true;
                if (error.Length == 0 && command.Action == ModelAction.Unload) Loaded.TryRemove(command.Model, out _);
                await grain.Done([new(command.Id, error, false, 4)]);
            }
        }
    }
}
