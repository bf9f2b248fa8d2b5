using Orleans.Concurrency;

namespace InferMesh.Grains.Abstractions.Jobs;

/// <summary>All jobs of the mesh, for lists and for the scheduler. Persisted in pages, so that a change costs the same however many there are. Key: <see cref="Key"/>.</summary>
[Alias("infermesh.IJobIndexGrain")]
public interface IJobIndexGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "jobs";

    /// <summary>Enters a job before it is stored, so that one that is stored is always found. Durable when it returns.</summary>
    [AlwaysInterleave, Alias("Enter")] Task Enter(MeshJob job);

    /// <summary>Takes a changed job; an older version than the one held is dropped.</summary>
    [AlwaysInterleave, Alias("Changed")] Task Changed(MeshJob job);

    /// <summary>Drops a job that was entered and never stored.</summary>
    [AlwaysInterleave, Alias("Forget")] Task Forget(string job);

    /// <summary>Jobs that match, newest first.</summary>
    [AlwaysInterleave, Alias("List")] Task<JobPage> List(JobQuery query);

    /// <summary>Jobs that have changed since a version, those that have not ended at first, as soon as there are any; empty after <paramref name="wait"/>.</summary>
    [AlwaysInterleave, Alias("ChangedSince")] Task<JobChanges> ChangedSince(long incarnation, long version, TimeSpan wait);
}

/// <summary>One page of a job index: at most 64 jobs. Key: number of the page.</summary>
[Alias("infermesh.IJobPageGrain")]
public interface IJobPageGrain : IGrainWithIntegerKey
{
    /// <summary>Jobs on a page.</summary>
    const int Size = 64;

    /// <summary>Stores jobs of the page, in place of older versions of them.</summary>
    [AlwaysInterleave, Alias("Put")] Task Put(IReadOnlyList<MeshJob> jobs);

    /// <summary>Drops a job.</summary>
    [AlwaysInterleave, Alias("Remove")] Task Remove(string job);

    /// <summary>All jobs of the page.</summary>
    [Alias("Read")] Task<IReadOnlyList<MeshJob>> Read();
}

/// <summary>Which jobs are asked for; what is empty does not matter.</summary>
[GenerateSerializer, Immutable, Alias("infermesh.JobQuery")]
public sealed record JobQuery
{
    /// <summary>States.</summary>
    [Id(0)] public IReadOnlyList<JobState> States { get; init; } = [];

    /// <summary>Tenant.</summary>
    [Id(1)] public string Tenant { get; init; } = "";

    /// <summary>Project.</summary>
    [Id(2)] public string Project { get; init; } = "";

    /// <summary>Name; a trailing <c>*</c> matches any ending.</summary>
    [Id(3)] public string Name { get; init; } = "";

    /// <summary>Node that it has GPUs on.</summary>
    [Id(4)] public string Node { get; init; } = "";

    /// <summary>Id of the last job of the page before, which may be gone; "" for the first page.</summary>
    [Id(5)] public string After { get; init; } = "";

    /// <summary>Jobs on a page, 1 to 1000.</summary>
    [Id(6)] public int Limit { get; init; } = 100;

    /// <summary>Counts by state are of the tenant and project only, not of the mesh.</summary>
    [Id(7)] public bool CountsOwnOnly { get; init; }

    /// <summary>When the last job of the page before was submitted, in ticks of UTC; nothing to the first page.</summary>
    [Id(8)] public long AfterSubmitted { get; init; }
}

/// <summary>Jobs of one page.</summary>
/// <param name="Jobs">Jobs, newest first, without command and environment.</param>
/// <param name="More">There are more.</param>
/// <param name="Total">Jobs that match, on all pages.</param>
/// <param name="ByState">Jobs of the mesh by state, whatever was asked for; those of the tenant and project where the query says so.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobPage")]
public sealed record JobPage([property: Id(0)] IReadOnlyList<MeshJob> Jobs, [property: Id(1)] bool More, [property: Id(2)] int Total, [property: Id(3)] IReadOnlyDictionary<JobState, int> ByState);

/// <summary>What has changed.</summary>
/// <param name="Incarnation">Life of the index: another one than the caller's means that these are all that have not ended.</param>
/// <param name="Version">Give it to read on.</param>
/// <param name="Jobs">Jobs, without command and environment.</param>
/// <param name="More">There are more changes already.</param>
[GenerateSerializer, Immutable, Alias("infermesh.JobChanges")]
public sealed record JobChanges([property: Id(0)] long Incarnation, [property: Id(1)] long Version, [property: Id(2)] IReadOnlyList<MeshJob> Jobs, [property: Id(3)] bool More);
