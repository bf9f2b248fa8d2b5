using InferMesh.Grains.Abstractions.Policies;
using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Experiments;

/// <summary>One experiment: strategies that serve the same requests at the same time, judged by their outcomes. Key: name.</summary>
[Alias("infermesh.IExperimentGrain")]
public interface IExperimentGrain : IGrainWithStringKey
{
    /// <summary>Experiments that may serve at a time, those that are paused among them.</summary>
    const int MaxServing = 100;

    /// <summary>The newest version; null when there is none or it is deleted.</summary>
    [AlwaysInterleave, Alias("Get")] Task<MeshExperiment?> Get();

    /// <summary>The last versions, newest first; empty when it never existed.</summary>
    [AlwaysInterleave, Alias("History")] Task<IReadOnlyList<MeshExperiment>> History();

    /// <summary>State, outcomes and comparisons; null when there is none.</summary>
    [Alias("Read")] Task<ExperimentReport?> Read();

    /// <summary>What stands against creating it; nothing where it is there with this content. Changes nothing.</summary>
    [Alias("Check")] Task<IReadOnlyList<FieldError>> Check(ExperimentPlan plan);

    /// <summary>Creates it, and begins. Conflict when there is one of this name.</summary>
    [Alias("Create")] Task<ExperimentResult> Create(ExperimentPlan plan, string actor);

    /// <summary>Ends it: its arms serve no more. Conflict when it has ended.</summary>
    /// <param name="expected">Version that must be current, or <see cref="PolicyVersions.Any"/>.</param>
    /// <param name="reason">Why; "" when nobody says.</param>
    /// <param name="actor">Who.</param>
    [Alias("Stop")] Task<ExperimentResult> Stop(long expected, string reason, string actor);

    /// <summary>Lets the winner serve. Conflict when none waits for it, or when the figures cannot be trusted.</summary>
    [Alias("Promote")] Task<ExperimentResult> Promote(long expected, string reason, string actor);

    /// <summary>Takes a promoted winner back. Conflict when none serves.</summary>
    [Alias("Demote")] Task<ExperimentResult> Demote(long expected, string reason, string actor);

    /// <summary>Pauses it: all requests get what they would get without it. Conflict when it has ended, or is paused already.</summary>
    [Alias("Pause")] Task<ExperimentResult> Pause(long expected, string reason, string actor);

    /// <summary>Ends a pause: requests are split as before it, and counted on. Conflict when it is not paused.</summary>
    [Alias("Resume")] Task<ExperimentResult> Resume(long expected, string reason, string actor);

    /// <summary>Deletes it, running or not. Its arms serve no more, and its outcomes are forgotten.</summary>
    [Alias("Delete")] Task<ExperimentResult> Delete(long expected, string reason, string actor);
}

/// <summary>Answer to a call that changes an experiment.</summary>
/// <param name="Status">What became of it. A conflict with errors is one with the state, without them one with the version.</param>
/// <param name="Experiment">The experiment as it is now; null when there is none.</param>
/// <param name="CurrentVersion">Version that is current; 0 when there is none.</param>
/// <param name="Errors">What is wrong.</param>
/// <param name="Report">The experiment with what is known of it, after a change that left one; null otherwise, and from silos that do not send it yet.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ExperimentResult")]
public sealed record ExperimentResult(
    [property: Id(0)] PolicyStatus Status, [property: Id(1)] MeshExperiment? Experiment, [property: Id(2)] long CurrentVersion, [property: Id(3)] IReadOnlyList<FieldError> Errors,
    [property: Id(4)] ExperimentReport? Report = null);

/// <summary>All experiments of the cluster, for routing tables and listings. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IExperimentIndexGrain")]
public interface IExperimentIndexGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "experiments";

    /// <summary>Takes a changed experiment; an older version than the one held is dropped.</summary>
    [AlwaysInterleave, Alias("Changed")] Task Changed(MeshExperiment experiment);

    /// <summary>All experiments that exist, by name.</summary>
    [AlwaysInterleave, Alias("List")] Task<ExperimentListing> List();

    /// <summary>The listing as soon as it is newer than the caller's, or null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("WaitForNewer")] Task<ExperimentListing?> WaitForNewer(long incarnation, long version, TimeSpan wait);
}

/// <summary>All experiments at one moment.</summary>
/// <param name="Incarnation">Life of the index grain.</param>
/// <param name="Version">Grows with each change within the incarnation.</param>
/// <param name="Experiments">Experiments by name.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ExperimentListing")]
public sealed record ExperimentListing([property: Id(0)] long Incarnation, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<MeshExperiment> Experiments);
