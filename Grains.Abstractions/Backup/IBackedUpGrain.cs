namespace InferMesh.Grains.Abstractions.Backup;

/// <summary>
/// A grain whose state belongs into backups. It has no key of its own kind: it is reached by its grain id, of one of <see cref="BackedUpTypes"/> and its key.
/// </summary>
[Alias("infermesh.IBackedUpGrain")]
public interface IBackedUpGrain : IGrainWithStringKey
{
    /// <summary>What is stored, at one moment; null when there is nothing.</summary>
    [Alias("Save")] Task<ObjectImage?> Save();

    /// <summary>Puts what was saved in place. May be repeated: what is there already is left as it is.</summary>
    /// <param name="image">What was saved.</param>
    /// <param name="overwrite">Replaces other content by that of the image; without, other content is a conflict.</param>
    /// <param name="dryRun">Changes nothing, and says what would become of it.</param>
    /// <param name="actor">Who restores.</param>
    [Alias("Restore")] Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor);
}

/// <summary>Types of the grains that are in backups.</summary>
public static class BackedUpTypes
{
    /// <summary>Policies.</summary>
    public const string Policy = "policy";

    /// <summary>Endpoints.</summary>
    public const string Endpoint = "endpoint";

    /// <summary>Registered models.</summary>
    public const string Model = "model";

    /// <summary>Tenants.</summary>
    public const string Tenant = "tenant";

    /// <summary>Nodes.</summary>
    public const string Node = "node";

    /// <summary>Experiments, with their outcomes.</summary>
    public const string Experiment = "experiment";

    /// <summary>Training jobs.</summary>
    public const string Job = "job";

    /// <summary>Strategy plugins.</summary>
    public const string Plugin = "plugin";

    /// <summary>Content of their versions.</summary>
    public const string PluginPackage = "plugin-package";

    /// <summary>API keys, all of them together.</summary>
    public const string KeyRing = "key-ring";
}

/// <summary>An object as a backup has it.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Deleted">It is deleted, and has a history.</param>
/// <param name="State">What its grain stores, as JSON. Only the grain knows what is in it.</param>
[GenerateSerializer, Immutable, Alias("infermesh.ObjectImage")]
public sealed record ObjectImage([property: Id(0)] long Version, [property: Id(1)] bool Deleted, [property: Id(2)] string State);

/// <summary>What became of an image.</summary>
[GenerateSerializer, Alias("infermesh.RestoreStatus")]
public enum RestoreStatus : byte
{
    /// <summary>There was nothing, and now there is what was saved; of API keys: those that were missing are there again.</summary>
    Created = 0,

    /// <summary>It was there already.</summary>
    Unchanged,

    /// <summary>Something else was there, and has the content that was saved now.</summary>
    Overwritten,

    /// <summary>Something else is there and stays: a restore deletes nothing, and takes no job back.</summary>
    Kept,

    /// <summary>Something else is there, and nobody said that it may be overwritten.</summary>
    Conflict,

    /// <summary>The image is none of this object.</summary>
    Invalid,
}

/// <summary>Answer to a restore.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Version">Version that is current; 0 when there is none.</param>
/// <param name="Reason">Why it was not taken, or how much of it; "" when that goes without saying.</param>
[GenerateSerializer, Immutable, Alias("infermesh.RestoreResult")]
public sealed record RestoreResult([property: Id(0)] RestoreStatus Status, [property: Id(1)] long Version, [property: Id(2)] string Reason = "");
