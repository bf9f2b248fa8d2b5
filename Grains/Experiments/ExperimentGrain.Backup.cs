using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Experiments;
using InferMesh.Grains.Backup;
using InferMesh.Grains.Plugins;

namespace InferMesh.Grains.Experiments;

/// <summary>Into backups and out of them, with the outcomes that were stored: an experiment that ran goes on where it stood. One that is there and went on since is never taken back.</summary>
internal sealed partial class ExperimentGrain
{
    async Task<RestoreResult> IBackedUpGrain.Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        var result = await Restore(image, overwrite, dryRun, actor);
        if (!dryRun && result.Status is RestoreStatus.Created or RestoreStatus.Overwritten) BeginStored();
        return result;
    }

    /// <summary>A plugin that is not there keeps an experiment from serving until it is, and not from coming back.</summary>
    protected override Task<IReadOnlyList<FieldError>> RestoreFaultsAsync(ExperimentContent spec)
    {
        var plan = spec.Plan with { Arms = [.. spec.Plan.Arms.Select(static arm => WithoutPlugin(arm))] };
        return Task.FromResult<IReadOnlyList<FieldError>>([.. ExperimentPlanValidator.Check(Name, plan, []), .. ExperimentPlanValidator.Check(spec.Plan, spec.Standing)]);
    }

    /// <summary>The same experiment that has gone on is there: what it found since does not come again.</summary>
    protected override bool IsThere(MeshExperiment newest, MeshExperiment saved) => base.IsThere(newest, saved)
        || (newest.Version >= saved.Version && newest.Standing.StartedAt == saved.Standing.StartedAt && StateText.Same(newest.Plan, saved.Plan));

    protected override void TakeOver(ExperimentGrainState saved) => (Stored.Outcomes, Stored.Baseline, Stored.Changes) = (saved.Outcomes, saved.Baseline, saved.Changes);

    private static ArmPlan WithoutPlugin(ArmPlan arm)
    {
        var served = PluginRules.WithoutPlugin(arm.ToRouting())!;
        return arm with { Strategy = served.Strategy, Parameters = served.Parameters, Fallback = served.Fallback };
    }
}
