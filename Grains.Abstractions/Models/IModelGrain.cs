using InferMesh.Grains.Abstractions.Policies;
using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Models;

/// <summary>One registered model: validated, compared and set, with history, and with what loading it has taken. Key: its name.</summary>
[Alias("infermesh.IModelGrain")]
public interface IModelGrain : IGrainWithStringKey
{
    /// <summary>The newest version; null when there is none or it is deleted.</summary>
    [AlwaysInterleave, Alias("Get")] Task<MeshModel?> Get();

    /// <summary>Writes a version.</summary>
    /// <param name="spec">Content.</param>
    /// <param name="expected">Version that must be current, or one of <see cref="PolicyVersions"/>.</param>
    /// <param name="actor">Who writes.</param>
    [Alias("Put")] Task<ModelResult> Put(ModelSpec spec, long expected, string actor);

    /// <summary>All that is wrong with the content; nothing is written.</summary>
    [AlwaysInterleave, Alias("Check")] Task<IReadOnlyList<FieldError>> Check(ModelSpec spec);

    /// <summary>Deletes it: its replicas are unloaded; the history stays.</summary>
    [Alias("Delete")] Task<ModelResult> Delete(long expected, string actor);

    /// <summary>The last versions, newest first, at most <see cref="PolicyVersions.HistoryLength"/>; empty when the model never existed.</summary>
    [AlwaysInterleave, Alias("History")] Task<IReadOnlyList<MeshModel>> History();

    /// <summary>Learns from a load; one of a model that is not registered is forgotten.</summary>
    /// <param name="gpu">GPU type; "" when unknown.</param>
    /// <param name="seconds">How long it took, seconds.</param>
    [Alias("Learn")] Task Learn(string gpu, double seconds);

    /// <summary>How long loading takes, by GPU type, as far as loads have shown it.</summary>
    [AlwaysInterleave, Alias("ColdStarts")] Task<IReadOnlyList<ColdStart>> ColdStarts();
}

/// <summary>How long loading takes on one type of GPU.</summary>
/// <param name="Gpu">GPU type; "" when unknown.</param>
/// <param name="Seconds">Exponentially weighted mean, seconds.</param>
/// <param name="Loads">Loads that it is from.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ColdStart")]
public sealed record ColdStart([property: Id(0)] string Gpu, [property: Id(1)] double Seconds, [property: Id(2)] long Loads);

/// <summary>Answer to a call that changes a model.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Model">The model as it is now; null when there is none.</param>
/// <param name="CurrentVersion">Version that is current, also after a conflict; 0 when the model does not exist.</param>
/// <param name="Errors">All that is wrong with the content.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ModelResult")]
public sealed record ModelResult(
    [property: Id(0)] PolicyStatus Status, [property: Id(1)] MeshModel? Model, [property: Id(2)] long CurrentVersion, [property: Id(3)] IReadOnlyList<FieldError> Errors);

/// <summary>All registered models of the cluster. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IModelIndexGrain")]
public interface IModelIndexGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "models";

    /// <summary>Takes a changed model; an older version than the one held is dropped.</summary>
    [AlwaysInterleave, Alias("Changed")] Task Changed(MeshModel model);

    /// <summary>Every model by name, those that are deleted too: their replicas have to go.</summary>
    [AlwaysInterleave, Alias("List")] Task<ModelListing> List();
}

/// <summary>All models at one moment.</summary>
/// <param name="Incarnation">Life of the index grain.</param>
/// <param name="Version">Grows with each change within the incarnation.</param>
/// <param name="Models">Models by name, deleted ones included.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ModelListing")]
public sealed record ModelListing([property: Id(0)] long Incarnation, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<MeshModel> Models);
