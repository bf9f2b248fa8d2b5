using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Tests.Cluster.Grains;

/// <summary>A node with GPUs and an agent that starts ranks, as far as the mesh can tell: ranks are entries in a list.</summary>
internal sealed class JobAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, long> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Job, long Fence), bool> _begun = new();
    private readonly ConcurrentDictionary<string, string[]> _gpus = new(StringComparer.Ordinal);
    private readonly IAsyncDisposable? _telemetry;
    private readonly Task _loop;
    private volatile bool _silent;

    private JobAgent(string node, string cell, int gpus, Func<NodeTelemetry, NodeTelemetry> change)
    {
        (Node, Cell) = (node, cell);
        _telemetry = MeshCluster.KeepReporting(node, "none", t => change(t with
        {
            Gpus = [.. Enumerable.Range(0, gpus).Select(i => new GpuSample { GpuUuid = $"GPU-{node}-{i}", Name = "Test GPU", VramTotalBytes = 80L << 30, VramUsedBytes = 0 })],
            Runtimes = [],
        }));
        _loop = Task.Run(RunAsync);
    }

    private JobAgent(string node, string cell)
    {
        (Node, Cell) = (node, cell);
        _loop = Task.Run(RunAsync);
    }

    public string Node { get; }

    public string Cell { get; }

    /// <summary>Jobs with the fence of the ranks that run.</summary>
    public IReadOnlyDictionary<string, long> Running => _running;

    /// <summary>Assignments as they came.</summary>
    public ConcurrentQueue<JobAssignment> Seen { get; } = new();

    /// <summary>GPUs that two jobs had at once.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    /// <summary>What ranks do when they are told to run; by default they say that they started.</summary>
    public Func<JobAssignment, Task>? OnRun { get; set; }

    public static async Task<JobAgent> StartAsync(string node, string cell, int gpus = 4, Func<NodeTelemetry, NodeTelemetry>? change = null, string gpuType = "")
    {
        await MeshCluster.Client.GetGrain<INodeGrain>(node).Register(
            new() { NodeId = node, CellId = cell, Zone = "zone-a", Labels = gpuType.Length > 0 ? new Dictionary<string, string> { ["gpu"] = gpuType } : new Dictionary<string, string>() }, "test");
        return new(node, cell, gpus, change ?? (static t => t));
    }

    /// <summary>Starts jobs on a node that somebody else reports.</summary>
    public static JobAgent Join(string node, string cell) => new(node, cell);

    /// <summary>The agent hears and says nothing any more; as its lease wants, its ranks end.</summary>
    public void GoSilent()
    {
        _silent = true;
        _running.Clear();
    }

    public void ComeBack() => _silent = false;

    public Task ReportAsync(string job, long fence, JobReportKind kind, Func<JobReport, JobReport>? change = null)
    {
        var report = new JobReport { Node = Node, Fence = fence, Kind = kind };
        return RetryAsync(() => MeshCluster.Client.GetGrain<IJobGrain>(job).Report(change?.Invoke(report) ?? report));
    }

    /// <summary>Ranks of a job end well.</summary>
    public async Task FinishAsync(string job)
    {
        if (!_running.TryRemove(job, out var fence)) return;
        await ReportAsync(job, fence, JobReportKind.Finished);
    }

    /// <summary>A rank of a job ends badly.</summary>
    public async Task FailAsync(string job, int rank = 0)
    {
        if (!_running.TryRemove(job, out var fence)) return;
        await ReportAsync(job, fence, JobReportKind.Failed, r => r with { Rank = rank, ExitCode = 1, Error = "out of luck" });
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_telemetry is not null) await _telemetry.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var version = 0L;
        while (!_stop.IsCancellationRequested)
        {
            if (_silent)
            {
                await Task.Delay(50, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }
            try
            {
                var launcher = new JobLauncher(Cell, "127.0.0.1", [.. _running.Select(r => new RunningJob(r.Key, r.Value))]);
                var news = await MeshCluster.Client.GetGrain<INodeJobsGrain>(Node).Watch(version, launcher, TimeSpan.FromSeconds(1)).WaitAsync(TimeSpan.FromSeconds(10), _stop.Token);
                if (news is null || _silent) continue;
                version = news.Version;
                foreach (var gone in _running.Keys.Where(j => news.Assignments.All(a => a.Job != j)).ToArray()) _running.TryRemove(gone, out _);
                foreach (var assignment in news.Assignments) await TakeAsync(assignment);
            }
            catch (Exception) when (!_stop.IsCancellationRequested)
            {
                await Task.Delay(100);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task TakeAsync(JobAssignment assignment)
    {
        Seen.Enqueue(assignment);
        if (assignment.Order == JobOrder.Run)
        {
            // A fence is started once, whatever became of it.
            if (!_begun.TryAdd((assignment.Job, assignment.Fence), true)) return;
            foreach (var other in _running.Keys.Where(j => j != assignment.Job && _gpus.TryGetValue(j, out var gpus) && gpus.Intersect(assignment.Ranks.Select(r => r.Gpu)).Any()))
                Violations.Enqueue($"{Node}: {assignment.Job} is told to run on GPUs of {other}");
            _gpus[assignment.Job] = [.. assignment.Ranks.Select(r => r.Gpu)];
            _running[assignment.Job] = assignment.Fence;
            if (OnRun is { } run) await run(assignment);
            else await ReportAsync(assignment.Job, assignment.Fence, JobReportKind.Started);
            return;
        }
        _begun.TryAdd((assignment.Job, assignment.Fence), true);
        if (_running.TryGetValue(assignment.Job, out var fence) && fence == assignment.Fence) _running.TryRemove(assignment.Job, out _);
        await ReportAsync(assignment.Job, assignment.Fence, JobReportKind.Stopped);
    }

    private async Task RetryAsync(Func<Task> call)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await call();
                return;
            }
            catch (Exception) when (!_stop.IsCancellationRequested)
            {
                await Task.Delay(100, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
