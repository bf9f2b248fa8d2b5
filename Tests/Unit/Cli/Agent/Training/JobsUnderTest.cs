extern alias api;

using InferMesh.Cli.Agent.Reporting;
using InferMesh.Cli.Agent.Training;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = api::InferMesh.State.V1;

namespace InferMesh.Tests.Unit.Cli.Agent.Training;

/// <summary>An agent's part for jobs, against a state plane of its own, with real processes in a folder of its own.</summary>
internal sealed class JobsUnderTest : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StatePlaneTarget _target;
    private readonly DirectoryInfo _folder;
    private readonly bool _keep;
    private readonly Task _task;

    private JobsUnderTest(StatePlaneServer mesh, DirectoryInfo folder, string node, bool keep)
    {
        (Mesh, Node, _folder, _keep, _target) = (mesh, node, folder, keep, new(mesh.Address));
        Watcher = new(
            new() { Id = node, Cell = "cell-a" }, new() { Enabled = true, Host = "10.0.0.7", WorkDir = folder.FullName, Commands = ["sh"] }, [_target], TimeProvider.System, new Random(1),
            NullLogger.Instance);
        _task = Watcher.RunAsync(_stop.Token);
    }

    public StatePlaneServer Mesh { get; }

    public JobWatcher Watcher { get; }

    public string Node { get; }

    public string WorkDir => _folder.FullName;

    public IReadOnlyList<Wire.ReportJobRequest> Reports => [.. Mesh.JobReports];

    /// <summary>Kinds of reports with their fences, steps aside.</summary>
    public string Story => string.Join(' ', Reports.Where(report => report.Kind != Wire.JobReportKind.Step).Select(report => $"{report.Kind}:{report.Fence}"));

    public static async Task<JobsUnderTest> StartAsync() =>
        new(await StatePlaneServer.StartAsync(), Directory.CreateTempSubdirectory("infermesh-jobs-"), $"node-{Guid.NewGuid():N}", keep: false);

    /// <summary>Another life of the agent, with the same mesh, node and folder.</summary>
    public JobsUnderTest Again() => new(Mesh, _folder, Node, keep: true);

    /// <summary>A job of shell scripts; <c>$RANK</c> tells ranks apart.</summary>
    public Wire.JobAssignment Job(string script, long fence = 1, int ranks = 1, string id = "job-1") => new()
    {
        JobId = id,
        Fence = fence,
        Order = Wire.JobOrder.Run,
        WorldSize = ranks,
        MasterAddress = "127.0.0.1",
        MasterPort = 29500,
        Command = { "sh", "-c", script },
        Ranks = { Enumerable.Range(0, ranks).Select(rank => new Wire.JobRank { Rank = rank, LocalRank = rank, Gpu = $"GPU-{rank}" }) },
        Peers = { new Wire.JobPeer { NodeId = Node, Host = "127.0.0.1", FirstRank = 0, Ranks = ranks } },
    };

    public Task ToldAsync(Wire.JobReportKind kind, long fence = 1) => Eventually.HoldsAsync(() => Reports.Any(report => report.Kind == kind && report.Fence == fence), $"{kind} of fence {fence}; told: {Story}");

    public Wire.ReportJobRequest Report(Wire.JobReportKind kind) => Reports.Last(report => report.Kind == kind);

    public IReadOnlyList<int> Processes(string id = "job-1") => Watcher.Runner?.RunOf(id)?.ProcessIds ?? [];

    public string Log(int rank = 0, string id = "job-1") => File.ReadAllText(Path.Combine(WorkDir, id, $"rank-{rank}.log"));

    public static bool Runs(int pid) => File.Exists($"/proc/{pid}/stat") && !File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].StartsWith(" Z", StringComparison.Ordinal);

    /// <summary>Stops the agent, as SIGTERM does.</summary>
    public async Task StopAgentAsync()
    {
        await _stop.CancelAsync();
        await _task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAgentAsync();
        _target.Dispose();
        _stop.Dispose();
        if (_keep)
            return;
        await Mesh.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
