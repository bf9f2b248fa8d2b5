using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Directory;

/// <summary>A persisted, ordered set of names: which cells there are, which nodes a cell has, which policies, endpoints, models and tenants exist. Key: see <see cref="DirectoryKeys"/>.</summary>
[Alias("infermesh.IDirectoryGrain")]
public interface IDirectoryGrain : IGrainWithStringKey
{
    /// <summary>Adds a name; true when it is new. Durable when it returns.</summary>
    [AlwaysInterleave, Alias("Add")] Task<bool> Add(string name);

    /// <summary>Removes a name; true when it was there. Durable when it returns.</summary>
    [AlwaysInterleave, Alias("Remove")] Task<bool> Remove(string name);

    /// <summary>All names in ordinal order.</summary>
    [AlwaysInterleave, Alias("List")] Task<DirectoryListing> List();

    /// <summary>The listing as soon as its version differs from the caller's, or null after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("WaitForChange")] Task<DirectoryListing?> WaitForChange(long version, TimeSpan wait);
}

/// <summary>Names of a directory.</summary>
/// <param name="Version">Changes with each change of the set; survives restarts.</param>
/// <param name="Names">Names in ordinal order.</param>
[GenerateSerializer, Immutable, Alias("infermesh.DirectoryListing")]
public sealed record DirectoryListing([property: Id(0)] long Version, [property: Id(1)] IReadOnlyList<string> Names);

/// <summary>Keys of the directories.</summary>
public static class DirectoryKeys
{
    /// <summary>Cells.</summary>
    public const string Cells = "cells";

    /// <summary>Policies.</summary>
    public const string Policies = "policies";

    /// <summary>Endpoints.</summary>
    public const string Endpoints = "endpoints";

    /// <summary>Registered models.</summary>
    public const string Models = "models";

    /// <summary>Tenants with limits.</summary>
    public const string Tenants = "tenants";

    /// <summary>Strategy plugins.</summary>
    public const string Plugins = "plugins";

    /// <summary>Experiments.</summary>
    public const string Experiments = "experiments";

    /// <summary>Nodes of one cell.</summary>
    public static string NodesOf(string cellId) => $"nodes/{cellId}";
}
