using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Common;
using InferMesh.Grains.Options;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Jobs;

/// <inheritdoc cref="INodeJobsGrain"/>
[GrainType("node-jobs")]
internal sealed partial class NodeJobsGrain(TimeProvider time, IOptionsMonitor<JobSettings> settings, ILogger<NodeJobsGrain> logger) : Grain, INodeJobsGrain
{
    private static readonly TimeSpan TickPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, JobAssignment> _assignments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Fence, DateTimeOffset At)> _withdrawn = new(StringComparer.Ordinal);
    private readonly HashSet<(string Job, long Fence)> _told = [];
    private readonly ChangeSignal _changed = new(time);
    private LauncherStatus? _launcher;
    private DateTimeOffset _announcedAt;
    private Task? _recovered;
    private long _version;
    private uint _asked;

    private string NodeId => this.GetPrimaryKeyString();

    private JobSettings Settings => settings.CurrentValue;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // A life begins later than all before, so that no version comes twice.
        _version = time.GetUtcNow().UtcTicks;
        this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(TickPeriod, TickPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _changed.Pulse();
        return Task.CompletedTask;
    }

    public async Task<NodeJobs?> Watch(long version, JobLauncher launcher, TimeSpan wait)
    {
        Heard(launcher);
        // An agent kills what it is not told of: it is told nothing before all that it should have is known.
        var recovering = _recovered ??= RecoverAsync(launcher.Cell);
        try
        {
            await recovering;
        }
        catch
        {
            if (_recovered == recovering) _recovered = null;
            throw;
        }
        if (_version == version) await _changed.WaitAsync(wait);
        // Ranks live for a lease from this answer on, so their end is counted from it too.
        _launcher = new(NodeId, launcher, time.GetUtcNow());
        return _version == version ? null : new(_version, [.. _assignments.Values], Settings.Lease);
    }

    public Task Assign(JobAssignment assignment)
    {
        if (_assignments.TryGetValue(assignment.Job, out var held) && (held.Fence > assignment.Fence || (held.Fence == assignment.Fence && held.Order > assignment.Order))) return Task.CompletedTask;
        if (_withdrawn.TryGetValue(assignment.Job, out var gone) && gone.Fence >= assignment.Fence) return Task.CompletedTask;
        _assignments[assignment.Job] = assignment;
        Changed();
        return Task.CompletedTask;
    }

    public Task Withdraw(string job, long fence)
    {
        _withdrawn[job] = (Math.Max(fence, _withdrawn.GetValueOrDefault(job).Fence), time.GetUtcNow());
        if (!_assignments.TryGetValue(job, out var held) || held.Fence > fence) return Task.CompletedTask;
        _assignments.Remove(job);
        Changed();
        return Task.CompletedTask;
    }

    public Task<LauncherStatus?> Launcher() => Task.FromResult(_launcher);

    private void Heard(JobLauncher launcher)
    {
        var now = time.GetUtcNow();
        var news = _launcher is null || _launcher.Launcher.Host != launcher.Host || now - _announcedAt > TimeSpan.FromSeconds(2);
        _launcher = new(NodeId, launcher, now);
        _told.Clear();
        if (!news) return;
        _announcedAt = now;
        _ = AnnounceAsync(_launcher);
    }

    /// <summary>Which jobs have GPUs here is stored in the ledger of the cell; what is to be done for them they know themselves.</summary>
    private async Task RecoverAsync(string cell)
    {
        var claims = (await GrainFactory.GetGrain<ICapacityLedgerGrain>(cell).List()).Claims;
        foreach (var job in claims.Where(c => c.Kind == ClaimKind.Training && c.Gpus.Any(g => g.Node == NodeId)).Select(static c => c.Holder).Distinct(StringComparer.Ordinal))
        {
            if (await GrainFactory.GetGrain<IJobGrain>(job).AssignmentOf(NodeId) is { } assignment) await Assign(assignment);
        }
        Changed();
    }

    private async Task AnnounceAsync(LauncherStatus launcher)
    {
        try
        {
            await GrainFactory.GetGrain<IJobSchedulerGrain>(IJobSchedulerGrain.Key).Announce(launcher);
        }
        catch (Exception e)
        {
            // It announces itself with the next poll.
            NotAnnounced(NodeId, e.Message);
        }
    }

    /// <summary>Tells jobs of an agent that is silent for longer than its ranks live without it.</summary>
    private async Task TickAsync(CancellationToken cancellationToken)
    {
        foreach (var old in _withdrawn.Where(w => time.GetUtcNow() - w.Value.At > Remembered).Select(static w => w.Key).ToArray()) _withdrawn.Remove(old);
        await AskAsync();
        if (_launcher is not { } launcher) return;
        var silent = time.GetUtcNow() - launcher.SeenAt;
        if (silent <= Settings.GoneAfter) return;
        foreach (var assignment in _assignments.Values.ToArray())
        {
            if (!_told.Add((assignment.Job, assignment.Fence))) continue;
            try
            {
                await GrainFactory.GetGrain<IJobGrain>(assignment.Job).NodeLost(assignment.Fence, NodeId, FormattableString.Invariant($"its agent has been silent for {silent.TotalSeconds:0} s"));
            }
            catch (Exception e)
            {
                _told.Remove((assignment.Job, assignment.Fence));
                NotTold(NodeId, assignment.Job, e.Message);
            }
        }
    }

    /// <summary>Asks one job at a time whether there is still something to be done: a job that has left may not have got to say so.</summary>
    private async Task AskAsync()
    {
        if (_assignments.Count == 0) return;
        var assignment = _assignments.Values.ElementAt((int)(_asked++ % (uint)_assignments.Count));
        try
        {
            if (await GrainFactory.GetGrain<IJobGrain>(assignment.Job).AssignmentOf(NodeId) is null) await Withdraw(assignment.Job, assignment.Fence);
        }
        catch (Exception e)
        {
            NotAsked(NodeId, assignment.Job, e.Message);
        }
    }

    private void Changed()
    {
        _version++;
        _changed.Pulse();
    }

    [LoggerMessage(LogLevel.Information, "Job {Job} could not be asked what node {Node} has to do for it, and is asked again: {Reason}")]
    private partial void NotAsked(string node, string job, string reason);

    [LoggerMessage(LogLevel.Debug, "The agent of node {Node} was not announced to the scheduler: {Reason}")]
    private partial void NotAnnounced(string node, string reason);

    [LoggerMessage(LogLevel.Warning, "Job {Job} was not told that the agent of node {Node} is gone, and is told again: {Reason}")]
    private partial void NotTold(string node, string job, string reason);
}
