using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Versions;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Versions;

/// <summary>What is stored of an object: its versions, newest first.</summary>
internal interface IVersionedState<T>
{
    List<T> Versions { get; set; }
}

/// <summary>What a kind of versioned object is called.</summary>
/// <param name="Noun">In logs.</param>
/// <param name="Directory">Key of the directory of its names.</param>
/// <param name="Created">Event of a new one.</param>
/// <param name="Updated">Event of a change.</param>
/// <param name="Deleted">Event of a deletion.</param>
internal sealed record VersionedKind(string Noun, string Directory, string Created, string Updated, string Deleted);

/// <summary>What became of a change.</summary>
internal readonly record struct Change<T>(PolicyStatus Status, T? Current, long CurrentVersion, IReadOnlyList<FieldError> Errors)
    where T : class;

/// <summary>One object of which every version is kept: compared and set, with history and rollback, told to an index.</summary>
internal abstract partial class VersionedGrain<T, TSpec, TState>(VersionedKind kind, IPersistentState<TState> state, TimeProvider time, EventSink events, ILogger logger) : Grain
    where T : class, IVersioned
    where TState : IVersionedState<T>
{
    // What is stored, never what is being written: Get may come in between.
    private IReadOnlyList<T> _versions = [];

    protected string Name => this.GetPrimaryKeyString();

    protected T? Current => _versions is [{ Deleted: false } newest, ..] ? newest : null;

    /// <summary>All that is stored, the versions among it.</summary>
    protected TState Stored => state.State;

    private long LastVersion => _versions is [var newest, ..] ? newest.Version : 0;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _versions = [.. state.State.Versions];
        return Task.CompletedTask;
    }

    public Task<T?> Get() => Task.FromResult(Current);

    public Task<IReadOnlyList<T>> History() => Task.FromResult(_versions);

    protected async Task<Change<T>> PutAsync(TSpec spec, long expected, string actor) => Refusal(expected) ?? await WriteAsync(spec, deleted: false, actor);

    protected async Task<Change<T>> DeleteAsync(long expected, string actor)
    {
        if (Current is not { } current) return Refused(PolicyStatus.NotFound);
        return Refusal(expected) ?? await WriteAsync(SpecOf(current), deleted: true, actor);
    }

    protected async Task<Change<T>> RollbackAsync(long version, long expected, string actor)
    {
        if (_versions.FirstOrDefault(v => v.Version == version) is not { Deleted: false } old)
            return Refused(PolicyStatus.NotFound, new FieldError("version", $"Version {version} of {Name} is not kept, or is a deletion."));
        return Refusal(expected) ?? await WriteAsync(SpecOf(old), deleted: false, actor);
    }

    protected Change<T> Refused(PolicyStatus status, params IReadOnlyList<FieldError> errors) => new(status, Current, Current?.Version ?? PolicyVersions.None, errors);

    protected Change<T>? Refusal(long expected) =>
        expected == PolicyVersions.Any || expected == (Current?.Version ?? PolicyVersions.None) ? null : Refused(PolicyStatus.Conflict);

    /// <summary>Stores what has changed beside the versions.</summary>
    protected Task StoreAsync() => state.WriteStateAsync();

    protected abstract TSpec SpecOf(T version);

    protected abstract T Make(TSpec spec, long version, DateTimeOffset at, string actor, bool deleted);

    /// <summary>What the event of a change says beside the version.</summary>
    protected virtual IEnumerable<(string Key, string Value)> Facts(TSpec spec) => [];

    /// <summary>Just before a version is stored: what stands against it, which makes it a conflict.</summary>
    protected virtual Task<IReadOnlyList<FieldError>> PrepareAsync(TSpec spec, bool deleted) => Task.FromResult<IReadOnlyList<FieldError>>([]);

    /// <summary>Tells the index of a version that is stored.</summary>
    protected abstract Task PublishAsync(T version);

    private async Task<Change<T>> WriteAsync(TSpec spec, bool deleted, string actor)
    {
        var existed = Current is not null;
        // The name first: an index that rebuilds after a crash in between finds the object, or finds that there is none.
        if (!existed) await GrainFactory.GetGrain<IDirectoryGrain>(kind.Directory).Add(Name);
        if (await PrepareAsync(spec, deleted) is { Count: > 0 } obstacles) return Refused(PolicyStatus.Conflict, obstacles);
        var written = Make(spec, LastVersion + 1, time.GetUtcNow(), actor, deleted);
        state.State.Versions = [written, .. _versions.Take(PolicyVersions.HistoryLength - 1)];
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State.Versions = [.. _versions];
            throw;
        }
        _versions = [.. state.State.Versions];

        var version = written.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
        events.Post(deleted ? kind.Deleted : existed ? kind.Updated : kind.Created, Name, actor, [("version", version), .. Facts(spec)]);
        Written(kind.Noun, Name, written.Version, deleted ? "deleted" : "written", actor);
        try
        {
            await PublishAsync(written);
        }
        catch (Exception e)
        {
            // Stored is stored: the index reads all objects again within its period.
            NotPublished(kind.Noun, Name, written.Version, e.Message);
        }
        return new(PolicyStatus.Accepted, deleted ? null : written, deleted ? 0 : written.Version, []);
    }

    [LoggerMessage(LogLevel.Information, "{Kind} {Name} version {Version} {Change} by {Actor}")]
    private partial void Written(string kind, string name, long version, string change, string actor);

    [LoggerMessage(LogLevel.Warning, "{Kind} {Name} version {Version} has not reached the index yet: {Reason}")]
    private partial void NotPublished(string kind, string name, long version, string reason);
}
