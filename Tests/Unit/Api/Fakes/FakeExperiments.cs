using System.Collections.Concurrent;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>Experiments with the outcomes that a test gives them; nobody judges those.</summary>
internal sealed class FakeExperiments : IExperimentIndexGrain
{
    private readonly ConcurrentDictionary<string, FakeExperiment> _experiments = new();

    /// <summary>When everything happened.</summary>
    public static DateTimeOffset Then { get; } = DateTimeOffset.UnixEpoch.AddDays(365);

    public IEnumerable<string> Names => _experiments.Where(static e => e.Value.Current is not null).Select(static e => e.Key);

    public FakeExperiment Experiment(string name) => _experiments.GetOrAdd(name, key => new FakeExperiment(key));

    public Task Changed(MeshExperiment experiment) => throw new NotSupportedException();

    public Task<ExperimentListing> List() =>
        Task.FromResult(new ExperimentListing(1, 1, [.. _experiments.Values.Select(e => e.Current).OfType<MeshExperiment>().OrderBy(e => e.Name, StringComparer.Ordinal)]));

    public Task<ExperimentListing?> WaitForNewer(long incarnation, long version, TimeSpan wait) => throw new NotSupportedException();
}

internal sealed class FakeExperiment(string name) : IExperimentGrain
{
    private readonly List<ExperimentChange> _changes = [];
    private long _version;

    public MeshExperiment? Current { get; private set; }

    /// <summary>Requests and failures of each arm.</summary>
    public List<(long Requests, long Errors)> Outcomes { get; } = [];

    public List<ArmComparison> Comparisons { get; } = [];

    public Task<MeshExperiment?> Get() => Task.FromResult(Current);

    public Task<IReadOnlyList<MeshExperiment>> History() => throw new NotSupportedException();

    /// <summary>Nobody answers calls that only read.</summary>
    public bool IsSilent { get; set; }

    public Task<ExperimentReport?> Read() => IsSilent ? Task.FromException<ExperimentReport?>(new TimeoutException()) : Task.FromResult(Report());

    private ExperimentReport? Report() => Current is { } e
        ? new ExperimentReport(
            e,
            [.. e.Plan.Arms.Select((a, i) => new ArmStanding(a.Name, e.Standing.Serves ? 1.0 / e.Plan.Arms.Count : 0, Outcomes.ElementAtOrDefault(i).Requests, Outcomes.ElementAtOrDefault(i).Errors, e.Standing.StoppedArms.Contains(a.Name)))],
            Comparisons, [.. _changes])
        : null;

    public Task<IReadOnlyList<FieldError>> Check(ExperimentPlan plan) => Task.FromResult<IReadOnlyList<FieldError>>([.. Faults(plan)]);

    public Task<ExperimentResult> Create(ExperimentPlan plan, string actor)
    {
        if (Faults(plan) is { Length: > 0 } faults) return Result(PolicyStatus.Invalid, faults);
        if (Current is not null) return Result(PolicyStatus.Conflict);
        Current = new() { Name = name, Plan = plan, Standing = new() { StartedAt = FakeExperiments.Then, StageAt = FakeExperiments.Then }, Version = ++_version, ChangedAt = FakeExperiments.Then, ChangedBy = actor };
        return Result(PolicyStatus.Accepted);
    }

    public Task<ExperimentResult> Stop(long expected, string reason, string actor) => Move(expected, ExperimentStage.Stopped, reason, actor, ExperimentStage.Running, ExperimentStage.Decided, ExperimentStage.Promoted);

    public Task<ExperimentResult> Promote(long expected, string reason, string actor) => Move(expected, ExperimentStage.Promoted, reason, actor, ExperimentStage.Decided);

    public Task<ExperimentResult> Demote(long expected, string reason, string actor) => Move(expected, ExperimentStage.Demoted, reason, actor, ExperimentStage.Promoted);

    public Task<ExperimentResult> Pause(long expected, string reason, string actor) => Hold(expected, FakeExperiments.Then, reason, actor);

    public Task<ExperimentResult> Resume(long expected, string reason, string actor) => Hold(expected, null, reason, actor);

    public Task<ExperimentResult> Delete(long expected, string reason, string actor)
    {
        if (Refusal(expected) is { } refusal) return refusal;
        Current = null;
        return Result(PolicyStatus.Accepted);
    }

    /// <summary>Puts it at a stage, as outcomes would.</summary>
    public void Set(ExperimentStage stage, string winner = "", string warning = "") =>
        Current = Current! with { Version = ++_version, ChangedBy = "mesh", Standing = Current.Standing with { Stage = stage, Winner = winner, Warning = warning } };

    /// <summary>Gives an arm the strategy with which it would be stored.</summary>
    public void Fix(string arm, string strategy) => Current = Current! with { Plan = Current.Plan with { Arms = [.. Current.Plan.Arms.Select(a => a.Name == arm ? a with { Strategy = strategy } : a)] } };

    private static FieldError[] Faults(ExperimentPlan plan) => plan.Arms.Count < 2 ? [new("arms", "must be two or more, the control first.")] : [];

    private Task<ExperimentResult> Move(long expected, ExperimentStage to, string reason, string actor, params ExperimentStage[] from)
    {
        if (Refusal(expected) is { } refusal) return refusal;
        var at = Current!.Standing.Stage;
        if (!from.Contains(at)) return Result(PolicyStatus.Conflict, new FieldError("name", $"Experiment {name} is {at}: it cannot be {to}."));
        Set(to, Current.Standing.Winner);
        Current = Current with { ChangedBy = actor };
        _changes.Add(new(FakeExperiments.Then, at, to, Current.Standing.Winner, "operator", actor, reason, null, Outcomes.Sum(o => o.Requests)));
        return Result(PolicyStatus.Accepted);
    }

    private Task<ExperimentResult> Hold(long expected, DateTimeOffset? at, string reason, string actor)
    {
        if (Refusal(expected) is { } refusal) return refusal;
        var standing = Current!.Standing;
        if (!standing.IsOpen || standing.IsPaused == at is not null) return Result(PolicyStatus.Conflict, new FieldError("name", $"Experiment {name} is {(standing.IsPaused ? "paused" : "not paused")}."));
        Current = Current with { Version = ++_version, ChangedBy = actor, Standing = standing with { PausedAt = at, PausedFor = at is null ? TimeSpan.FromSeconds(90) : standing.PausedFor } };
        _changes.Add(new(FakeExperiments.Then, standing.Stage, standing.Stage, "", at is null ? "resumed" : "paused", actor, reason, null, Outcomes.Sum(o => o.Requests)));
        return Result(PolicyStatus.Accepted);
    }

    private Task<ExperimentResult>? Refusal(long expected) =>
        Current is null ? Result(PolicyStatus.NotFound) : expected != PolicyVersions.Any && expected != Current.Version ? Result(PolicyStatus.Conflict) : null;

    private Task<ExperimentResult> Result(PolicyStatus status, params FieldError[] errors) => Task.FromResult(new ExperimentResult(status, Current, Current?.Version ?? 0, errors, status == PolicyStatus.Accepted ? Report() : null));
}
