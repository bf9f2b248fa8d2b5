using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Plugins;

/// <summary>One strategy plugin: its versions, and which of them serves. Key: name of the plugin.</summary>
[Alias("infermesh.IPluginGrain")]
public interface IPluginGrain : IGrainWithStringKey
{
    /// <summary>Versions that are kept; a further one drops the oldest that nobody uses.</summary>
    const int MaxVersions = 10;

    /// <summary>The plugin; null when there is none.</summary>
    [AlwaysInterleave, Alias("Get")] Task<MeshPlugin?> Get();

    /// <summary>What was stored last, newest first, removals included; empty when there never was one.</summary>
    [AlwaysInterleave, Alias("History")] Task<IReadOnlyList<MeshPlugin>> History();

    /// <summary>Takes a version and its content. Called by <see cref="IPluginGateGrain"/>, which has checked both.</summary>
    [Alias("Add"), ResponseTimeout(PluginTimeouts.Call)] Task<PluginResult> Add(PluginVersion version, byte[] archive, string actor);

    /// <summary>Lets a version serve.</summary>
    /// <param name="version">Version; "" for the one that was pushed last.</param>
    /// <param name="force">Also where parameters of policies do not fit it: their fallbacks serve then.</param>
    /// <param name="actor">Who does it.</param>
    [Alias("Enable")] Task<PluginResult> Enable(string version, bool force, string actor);

    /// <summary>Lets no version serve.</summary>
    /// <param name="force">Also while policies or endpoints name it: their fallbacks serve then.</param>
    /// <param name="actor">Who does it.</param>
    [Alias("Disable")] Task<PluginResult> Disable(bool force, string actor);

    /// <summary>Lets the version serve that did before.</summary>
    /// <param name="force">As for <see cref="Enable"/>.</param>
    /// <param name="actor">Who does it.</param>
    [Alias("Rollback")] Task<PluginResult> Rollback(bool force, string actor);

    /// <summary>Removes a version with its content.</summary>
    /// <param name="version">Version; "" for all of them, and the plugin.</param>
    /// <param name="force">Also while policies or endpoints name it: their fallbacks serve then.</param>
    /// <param name="actor">Who does it.</param>
    [Alias("Remove")] Task<PluginResult> Remove(string version, bool force, string actor);
}

/// <summary>Takes packages in: opens, checks and tries them out before they are stored. A stateless worker; any key.</summary>
[Alias("infermesh.IPluginGateGrain")]
public interface IPluginGateGrain : IGrainWithIntegerKey
{
    /// <summary>Most bytes of an archive.</summary>
    const int MaxArchiveBytes = 8 << 20;

    /// <summary>Takes a version in. May be repeated: the same content is there already.</summary>
    [Alias("Push"), ResponseTimeout(PluginTimeouts.Call)] Task<PluginResult> Push(PluginUpload upload, string actor);
}

/// <summary>How long calls may take that carry packages, or load them.</summary>
public static class PluginTimeouts
{
    /// <summary>Megabytes are sent, stored, compiled and tried out: what is patience enough for other calls is not for these.</summary>
    public const string Call = "00:01:00";
}

/// <summary>A package as it comes.</summary>
/// <param name="Archive">Zip archive with <c>plugin.json</c> at its top.</param>
/// <param name="MayTrust">The caller may push code that runs in the process of the silos.</param>
/// <param name="DryRun">Checks it only.</param>
[GenerateSerializer, Immutable, Alias("infermesh.PluginUpload")]
public sealed record PluginUpload([property: Id(0)] byte[] Archive, [property: Id(1)] bool MayTrust, [property: Id(2)] bool DryRun);

/// <summary>The content of one version. Key: its digest.</summary>
[Alias("infermesh.IPluginPackageGrain")]
public interface IPluginPackageGrain : IGrainWithStringKey
{
    /// <summary>The archive; null when there is none.</summary>
    [AlwaysInterleave, Alias("Get"), ResponseTimeout(PluginTimeouts.Call)] Task<byte[]?> Get();

    /// <summary>Stores the archive. Durable when it returns; may be repeated.</summary>
    [Alias("Put"), ResponseTimeout(PluginTimeouts.Call)] Task Put(byte[] archive);

    /// <summary>Removes the archive. May be repeated.</summary>
    [Alias("Delete")] Task Delete();
}

/// <summary>What became of a change of a plugin.</summary>
[GenerateSerializer, Alias("infermesh.PluginStatus")]
public enum PluginStatus : byte
{
    /// <summary>Done.</summary>
    Accepted = 0,

    /// <summary>The package or a field is wrong; see the errors.</summary>
    Invalid,

    /// <summary>Something stands against it; see the errors and who uses it.</summary>
    Conflict,

    /// <summary>There is no such plugin or version.</summary>
    NotFound,

    /// <summary>The caller may not push code of this kind.</summary>
    Forbidden,
}

/// <summary>Answer to a change of a plugin.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Plugin">The plugin as it is now, or after a dry run as it would be; null when there is none.</param>
/// <param name="Errors">What is wrong, or stands against it.</param>
/// <param name="UsedBy">Policies and endpoints that name it and stand against the change, such as <c>policy/chat</c>.</param>
[GenerateSerializer, Immutable, Alias("infermesh.PluginResult")]
public sealed record PluginResult(
    [property: Id(0)] PluginStatus Status, [property: Id(1)] MeshPlugin? Plugin, [property: Id(2)] IReadOnlyList<FieldError> Errors, [property: Id(3)] IReadOnlyList<string> UsedBy);

/// <summary>All plugins of the cluster, for silos and listings. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IPluginIndexGrain")]
public interface IPluginIndexGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "plugins";

    /// <summary>Takes a changed plugin; an older version than the one held is dropped.</summary>
    [AlwaysInterleave, Alias("Changed")] Task Changed(MeshPlugin plugin);

    /// <summary>All plugins that exist, by name.</summary>
    [AlwaysInterleave, Alias("List")] Task<PluginListing> List();

    /// <summary>The listing as soon as it is newer than the caller's, or null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("WaitForNewer")] Task<PluginListing?> WaitForNewer(long incarnation, long version, TimeSpan wait);
}

/// <summary>All plugins at one moment.</summary>
/// <param name="Incarnation">Life of the index grain.</param>
/// <param name="Version">Grows with each change within the incarnation.</param>
/// <param name="Plugins">Plugins by name.</param>
[GenerateSerializer, Immutable, Alias("infermesh.PluginListing")]
public sealed record PluginListing([property: Id(0)] long Incarnation, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<MeshPlugin> Plugins);
