using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Backup;
using InferMesh.Grains.Events;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Grains.Versions;
using InferMesh.Strategies.Experiments;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Experiments;

/// <summary>What is written of an experiment: its plan, and where it stands.</summary>
internal sealed record ExperimentContent(ExperimentPlan Plan, ExperimentStanding Standing);

/// <summary>Versions of one experiment, newest first, and what came of its requests.</summary>
[GenerateSerializer, Alias("infermesh.ExperimentGrainState")]
internal sealed class ExperimentGrainState : IVersionedState<MeshExperiment>
{
    [Id(0)] public List<MeshExperiment> Versions { get; set; } = [];

    [Id(1)] public OutboxState Outbox { get; set; } = OutboxState.Empty;

    /// <summary>Outcomes.</summary>
    [Id(2)] public StoredOutcomes Outcomes { get; set; } = StoredOutcomes.None;

    /// <summary>Outcomes of each arm when the winner was promoted; empty before.</summary>
    [Id(3)] public IReadOnlyList<OutcomeCounts> Baseline { get; set; } = [];

    /// <summary>What changed, oldest first.</summary>
    [Id(4)] public IReadOnlyList<ExperimentChange> Changes { get; set; } = [];
}

/// <inheritdoc cref="IExperimentGrain"/>
/// <remarks>
/// Silos report all that they have counted every few seconds; it looks at the sum as often. A change is a new version, stored with the outcomes that led to it, and reaches the silos as every
/// version does. Between changes outcomes are stored now and then: the silos that live report them again anyway.
/// </remarks>
[GrainType(BackedUpTypes.Experiment)]
internal sealed partial class ExperimentGrain(
    [PersistentState("experiment")] IPersistentState<ExperimentGrainState> state, ISiloStatusOracle silos, IOptions<ExperimentSettings> settings, TimeProvider time, ILogger<ExperimentGrain> logger)
    : VersionedGrain<MeshExperiment, ExperimentContent, ExperimentGrainState>(Kind, state, time, logger), IExperimentGrain, IExperimentOutcomes, IBackedUpGrain
{
    /// <summary>Who changes what the outcomes decide.</summary>
    public const string Self = "mesh";

    private const int MostChanges = 100;
    private static readonly TimeSpan SilentFor = TimeSpan.FromMinutes(1);
    private static readonly VersionedKind Kind = new("Experiment", DirectoryKeys.Experiments, EventTypes.ExperimentStarted, EventTypes.ExperimentChanged, EventTypes.ExperimentDeleted);

    private SiloTallies _tallies = new(0, StoredOutcomes.None, 0);
    private bool _unreadable;
    private DateTimeOffset _storedAt;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        BeginStored();
        this.RegisterGrainTimer(LookAsync, new GrainTimerCreationOptions(settings.Value.ReportPeriod, settings.Value.ReportPeriod));
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await base.OnDeactivateAsync(reason, cancellationToken);
        if (Current is not { Standing.IsOpen: true } || !_tallies.HasNews) return;
        try
        {
            await StoreOutcomesAsync();
        }
        catch (Exception e)
        {
            NotStored(Name, e.Message);
        }
    }

    public Task<ExperimentReport?> Read()
    {
        if (Current is not { } experiment)
        {
            // Names can be made up by anybody.
            if (Stored.Versions.Count == 0) DeactivateOnIdle();
            return Task.FromResult<ExperimentReport?>(null);
        }
        return Task.FromResult<ExperimentReport?>(Report(experiment));
    }

    private ExperimentReport Report(MeshExperiment experiment)
    {
        var (spec, where, sums) = (Spec(experiment), State(experiment), _tallies.Sum());
        var weights = where.WeightsOf(spec);
        var whole = experiment.Standing.Serves ? weights.Sum() : 0;
        return new(
            experiment,
            [.. spec.Arms.Select((arm, i) => new ArmStanding(arm.Name, whole > 0 ? weights[i] / whole : 0, sums[i].Requests, sums[i].Errors, where.StoppedArms.Contains(arm.Name), sums[i].Fallbacks))],
            [.. ExperimentRules.Compare(spec, where, sums).Select(ExperimentMapping.ToWire)],
            Stored.Changes);
    }

    public async Task<IReadOnlyList<FieldError>> Check(ExperimentPlan plan)
    {
        // What is there was checked when it began, and its plugins may have gone since it ended.
        if (Current is { } current && StateText.Same(current.Plan, plan)) return [];
        if (Stored.Versions.Count == 0) DeactivateOnIdle();
        var content = new ExperimentContent(plan, new());
        return await FaultsAsync(content) is { Count: > 0 } faults ? faults : Current is null ? await ObstaclesAsync(content) : [];
    }

    public async Task<ExperimentResult> Create(ExperimentPlan plan, string actor)
    {
        if (await FaultsAsync(new(plan, new())) is { Count: > 0 } errors) return Result(Refused(PolicyStatus.Invalid, errors));
        if (Refusal(PolicyVersions.None) is { } there) return Result(there);
        if (await ObstaclesAsync(new(plan, new())) is { Count: > 0 } full) return Result(Refused(PolicyStatus.Conflict, full));
        plan = plan with { Arms = await Task.WhenAll(plan.Arms.Select(FixedAsync)) };
        var now = Now;
        // What an experiment of the same name left belongs to that one.
        (Stored.Outcomes, Stored.Baseline, Stored.Changes) = (StoredOutcomes.None, [], []);
        return await WriteAsync(new(plan, new() { StartedAt = now, StageAt = now }), actor, [new("", null, [])]);
    }

    public Task<ExperimentResult> Stop(long expected, string reason, string actor) => ByHandAsync(expected, reason, actor, ExperimentRules.Stop);

    public Task<ExperimentResult> Promote(long expected, string reason, string actor) =>
        Current is { Standing.Warning: { Length: > 0 } warning } ? Conflict($"Experiment {Name} promotes nothing: {warning}")
        : Current is { Standing.IsPaused: true } ? Conflict($"Experiment {Name} is paused: resume it before its winner is promoted.")
        : ByHandAsync(expected, reason, actor, ExperimentRules.Promote);

    public Task<ExperimentResult> Demote(long expected, string reason, string actor) => Current is { Standing.Stage: not ExperimentStage.Promoted } current
        ? Conflict(current.Standing.Stage == ExperimentStage.Kept
            ? $"Experiment {Name} is over, and its winner is kept: delete it, and what policies say serves again."
            : $"Experiment {Name} is {ExperimentMapping.Word(current.Standing.Stage)}: only a promoted one has a winner to take back.")
        : ByHandAsync(expected, reason, actor, ExperimentRules.Stop);

    public async Task<ExperimentResult> Delete(long expected, string reason, string actor)
    {
        if (Current is not { } current) return Result(Refused(PolicyStatus.NotFound));
        if (Refusal(expected) is { } stale) return Result(stale);
        (Stored.Outcomes, Stored.Baseline, Stored.Changes) = (StoredOutcomes.None, [], []);
        var result = await GuardAsync(base.WriteAsync(SpecOf(current), deleted: true, actor, reason));
        Begin(StoredOutcomes.None);
        return Result(result);
    }

    public Task Take(SiloOutcomes outcomes)
    {
        if (Current is not { Standing.IsOpen: true } current || current.Standing.StartedAt.UtcTicks != outcomes.StartedAtTicks) return Task.CompletedTask;
        // A silo that is dead says nothing more: what comes was on its way.
        if (StatusOf(outcomes.Silo) != SiloStatus.Dead) _tallies.Take(outcomes, Now.UtcTicks);
        return Task.CompletedTask;
    }

    protected override ExperimentContent SpecOf(MeshExperiment version) => new(version.Plan, version.Standing);

    protected override MeshExperiment Make(ExperimentContent spec, long version, DateTimeOffset at, string actor, bool deleted) =>
        new() { Name = Name, Version = version, Plan = spec.Plan, Standing = spec.Standing, ChangedAt = at, ChangedBy = actor, Deleted = deleted };

    protected override async Task<IReadOnlyList<FieldError>> FaultsAsync(ExperimentContent spec)
    {
        var plugins = await Task.WhenAll(spec.Plan.Arms.Select(arm => PluginRules.FindAsync(GrainFactory, arm.ToRouting())));
        return ExperimentPlanValidator.Check(Name, spec.Plan, plugins);
    }

    protected override async Task<IReadOnlyList<FieldError>> ObstaclesAsync(ExperimentContent spec)
    {
        if (!spec.Standing.MayServe) return [];
        var others = (await GrainFactory.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key).List()).Experiments.Count(e => e.Standing.MayServe && e.Name != Name);
        return others < IExperimentGrain.MaxServing ? [] : [new("name", $"{IExperimentGrain.MaxServing} experiments serve already: stop or delete one first.")];
    }

    protected override IEnumerable<(string Key, string Value)> Facts(ExperimentContent spec) => [("stage", ExperimentMapping.Word(spec.Standing.Stage))];

    protected override Task PublishAsync(MeshExperiment version) => GrainFactory.GetGrain<IExperimentIndexGrain>(IExperimentIndexGrain.Key).Changed(version);

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (Current is not { Standing.IsOpen: true } current) return;
        try
        {
            _tallies.Forget(IsGone);
            var isJudged = !current.Standing.IsPaused;
            var (spec, where, sums, inFlight) = (Spec(current), State(current), _tallies.Sum(), _tallies.InFlight());
            if (_unreadable && current.Standing.Warning.Length == 0)
                await WarnAsync(current, "its stored outcomes could not be read, and counting began anew: the figures are not those of all its requests.");
            else if (isJudged && current.Standing.Warning.Length == 0 && SampleRatio.Check(spec, where, sums, inFlight) is { IsOff: true } ratio)
                await WarnAsync(current, Words(spec, ratio));
            else if (isJudged && current.Standing.Warning.Length == 0 && ExperimentRules.OnFallback(spec, where, sums) is var (arm, share))
                await WarnAsync(current, FormattableString.Invariant($"the fallback of the plugin of arm {arm} decided {share:0.0 %} of its requests: what came of them says nothing of the plugin."));
            else if (isJudged && ExperimentRules.Step(spec, where, sums, Now.UtcTicks, inFlight, _unreadable || current.Standing.Warning.Length > 0) is { Transitions.Count: > 0 } step) await TakeAsync(current, step, Self, "");
            else if (_tallies.HasNews && Now - _storedAt >= settings.Value.StorePeriod) await StoreOutcomesAsync();
        }
        catch (Exception e)
        {
            // Whether it is stored only the storage knows: the next activation goes on from there, and silos report again.
            NotLooked(Name, e.Message);
            DeactivateOnIdle();
        }
    }

    private async Task<ExperimentResult> ByHandAsync(
        long expected, string reason, string actor, Func<ExperimentSpec, ExperimentState, IReadOnlyList<ArmTally>, long, ExperimentStep> move)
    {
        if (Current is not { } current) return Result(Refused(PolicyStatus.NotFound));
        if (Refusal(expected) is { } stale) return Result(stale);
        ExperimentStep step;
        try
        {
            step = move(Spec(current), State(current), _tallies.Sum(), Now.UtcTicks);
        }
        catch (InvalidOperationException e)
        {
            return Result(Refused(PolicyStatus.Conflict, new FieldError("name", e.Message)));
        }
        return await TakeAsync(current, step, actor, reason);
    }

    /// <summary>Stores what a step led to: one version, with one event for each thing that changed.</summary>
    private async Task<ExperimentResult> TakeAsync(MeshExperiment current, ExperimentStep step, string actor, string note)
    {
        ExperimentChange[] changes = [.. step.Transitions.Select(t => ExperimentMapping.ToWire(t, actor, note))];
        Stored.Changes = [.. Stored.Changes.Concat(changes).TakeLast(MostChanges)];
        Stored.Baseline = [.. step.State.Baseline.Select(static b => ExperimentMapping.ToWire(b))];
        var content = new ExperimentContent(current.Plan, ExperimentMapping.ToStanding(step.State, current.Standing));
        foreach (var change in changes) Changed(Name, change.Reason, change.Arm, change.To, change.Requests);
        return await WriteAsync(content, actor, [.. changes.Select(c => new Happened(note.Length > 0 ? note : c.Reason, null, ExperimentMapping.Facts(c)))]);
    }

    private Task<ExperimentResult> WarnAsync(MeshExperiment current, string warning)
    {
        Warned(Name, warning);
        return WriteAsync(new(current.Plan, current.Standing with { Warning = warning }), Self, [new(warning, EventTypes.ExperimentWarned, [])]);
    }

    private async Task<ExperimentResult> WriteAsync(ExperimentContent content, string actor, IReadOnlyList<Happened> happened)
    {
        if (Current is null)
        {
            // What an experiment of the same name left says nothing of this one.
            _unreadable = false;
            Begin(StoredOutcomes.None, content.Plan.Arms.Count);
        }
        Stored.Outcomes = _tallies.ToStored();
        var change = await GuardAsync(base.WriteAsync(content, deleted: false, actor, happened));
        _storedAt = Now;
        // With it: a second call for it could fail, and the change would be taken for one that was not made.
        return change.Status == PolicyStatus.Accepted && Current is { } written ? Result(change) with { Report = Report(written) } : Result(change);
    }

    private async Task StoreOutcomesAsync()
    {
        Stored.Outcomes = _tallies.ToStored();
        await StoreAsync();
        _storedAt = Now;
    }

    private async Task<Change<MeshExperiment>> GuardAsync(Task<Change<MeshExperiment>> write)
    {
        try
        {
            return await write;
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>The arm with the version of its plugin that is enabled now: another one that is enabled later must not change what is compared.</summary>
    private async Task<ArmPlan> FixedAsync(ArmPlan arm) =>
        PluginReference.Of(arm.Strategy) is { Version: "" } named && await PluginRules.FindAsync(GrainFactory, arm.ToRouting()) is { } plugin && plugin.Spec.Find("") is { } version
            ? arm with { Strategy = $"{named with { Version = version.Version }}" }
            : arm;

    /// <summary>Goes on from what was stored. Counts that this version of the silo cannot read, such as those of a newer one, must not keep the experiment itself from being read: it begins anew, with a warning.</summary>
    private void BeginStored()
    {
        _unreadable = false;
        var (arms, isWatched) = (Current?.Plan.Arms.Count ?? 0, Current?.Standing.Stage == ExperimentStage.Promoted);
        try
        {
            Begin(Stored.Outcomes);
            foreach (var counts in Stored.Baseline) ArmTally.FromCounts(ExperimentMapping.ToCounts(counts));
            if (isWatched && Stored.Baseline.Count != arms) throw new InvalidDataException(FormattableString.Invariant($"There are {arms} arms, and counts of {Stored.Baseline.Count} when the winner was promoted."));
        }
        catch (Exception e)
        {
            _unreadable = true;
            NotRead(Name, e.Message);
            Begin(StoredOutcomes.None);
            Stored.Baseline = isWatched ? [.. Enumerable.Range(0, arms).Select(static _ => ExperimentMapping.ToWire(new ArmTally().ToCounts()))] : [];
        }
    }

    private void Begin(StoredOutcomes stored, int? arms = null)
    {
        _tallies = new(arms ?? Current?.Plan.Arms.Count ?? 0, stored, Now.UtcTicks);
        _storedAt = Now;
    }

    private bool IsGone(string silo, long lastTicks) => StatusOf(silo) switch
    {
        SiloStatus.Dead => true,
        // Not known yet, or not known any more.
        SiloStatus.None => Now.UtcTicks - lastTicks > SilentFor.Ticks,
        _ => false,
    };

    private SiloStatus StatusOf(string silo)
    {
        try
        {
            return silos.GetApproximateSiloStatus(SiloAddress.FromParsableString(silo));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            return SiloStatus.Dead;
        }
    }

    private static string Words(ExperimentSpec spec, RatioCheck ratio) => "the arms did not get their share of the requests (" + string.Join(", ", spec.Arms.Index().Where(a => ratio.Expected[a.Index] > 0)
        .Select(a => FormattableString.Invariant($"{a.Item.Name} {ratio.Actual[a.Index]:0.0 %} instead of {ratio.Expected[a.Index]:0.0 %}"))) + "): outcomes are lost or made on the way, so that no figure can be trusted.";

    /// <summary>What is judged by. The time for which it was paused counts for none of its durations.</summary>
    private static ExperimentSpec Spec(MeshExperiment experiment)
    {
        var (spec, paused) = (ExperimentMapping.ToSpec(experiment.Name, experiment.Plan), experiment.Standing.PausedFor);
        return paused == TimeSpan.Zero ? spec : spec with { MaxDuration = spec.MaxDuration + paused, Promotion = spec.Promotion with { MinDuration = spec.Promotion.MinDuration + paused } };
    }

    private ExperimentState State(MeshExperiment experiment) => ExperimentMapping.ToState(experiment.Standing, [.. Stored.Baseline.Select(ExperimentMapping.ToCounts)]);

    private Task<ExperimentResult> Conflict(string message) => Task.FromResult(Result(Refused(PolicyStatus.Conflict, new FieldError("name", message))));

    private static ExperimentResult Result(Change<MeshExperiment> change) => new(change.Status, change.Current, change.CurrentVersion, change.Errors);

    [LoggerMessage(LogLevel.Information, "Experiment {Experiment}: {Reason} {Arm}, it is {Stage} after {Requests} requests")]
    private partial void Changed(string experiment, string reason, string arm, ExperimentStage stage, long requests);

    [LoggerMessage(LogLevel.Warning, "Experiment {Experiment}: {Warning}")]
    private partial void Warned(string experiment, string warning);

    [LoggerMessage(LogLevel.Warning, "The outcomes of experiment {Experiment} were not looked at, and are in a moment: {Reason}")]
    private partial void NotLooked(string experiment, string reason);

    [LoggerMessage(LogLevel.Error, "The stored outcomes of experiment {Experiment} cannot be read, and counting begins anew: {Reason}")]
    private partial void NotRead(string experiment, string reason);

    [LoggerMessage(LogLevel.Warning, "The last outcomes of experiment {Experiment} were not stored: {Reason}")]
    private partial void NotStored(string experiment, string reason);
}
