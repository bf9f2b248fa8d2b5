using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Experiments;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Experiments;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Experiments: one begins when it is applied, and never changes. The state and the outcomes of one are in backups alone.</summary>
internal sealed class ExperimentObjects(GrainCalls calls) : ObjectKind<ExperimentBody, ExperimentPlan>(calls, "Experiment", BackedUpTypes.Experiment)
{
    public override bool IsWork => true;

    /// <summary>Each has the counts of all its arms on all silos.</summary>
    public override int MostPerPage => 20;

    public override Task<KeyPage> KeysAsync(string after, int limit, CancellationToken cancellationToken) => DirectoryAsync(DirectoryKeys.Experiments, after, limit, cancellationToken);

    protected override ExperimentPlan Read(string name, ExperimentBody body, BodyReader reader)
    {
        if (body.Name is { } other && other != name) reader.Refuse("name", "must be that of metadata: leave it out.");
        return body.Read(reader);
    }

    /// <summary>A plugin without a version stands for the version with which the experiment began.</summary>
    protected override ExperimentPlan Completed(ExperimentPlan spec, ExperimentPlan? current) => current is null ? spec : spec with
    {
        Arms = [.. spec.Arms.Select((arm, i) => current.Arms.ElementAtOrDefault(i) is { } held && held.Strategy.StartsWith($"{arm.Strategy}@", StringComparison.Ordinal) ? arm with { Strategy = held.Strategy } : arm)],
    };

    protected override IReadOnlyList<FieldError> Forbidden(ExperimentPlan current, ExperimentPlan spec) =>
        AreSame(current, spec) ? [] : [new("", "is not what the experiment was created with, and an experiment does not change: give it another name, or delete the one that is there.")];

    protected override async Task<Held<ExperimentPlan>?> CurrentAsync(string key, CancellationToken cancellationToken) =>
        await Calls.RetryAsync(g => g.GetGrain<IExperimentGrain>(key).Get(), cancellationToken) is { } experiment ? new(experiment.Version, experiment.Plan) : null;

    protected override Task<IReadOnlyList<FieldError>> CheckAsync(string key, ExperimentPlan spec, CancellationToken cancellationToken) =>
        Calls.RetryAsync(g => g.GetGrain<IExperimentGrain>(key).Check(spec), cancellationToken);

    protected override async Task<Written> WriteAsync(string key, ExperimentPlan spec, long expected, string actor, CancellationToken cancellationToken)
    {
        var result = await Calls.OnceAsync(g => g.GetGrain<IExperimentGrain>(key).Create(spec, actor), cancellationToken);
        return Refusals.Of(result.Status, result.CurrentVersion, expected, result.Errors);
    }
}
