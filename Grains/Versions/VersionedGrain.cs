using System.Globalization;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Versions;
using InferMesh.Grains.Events;

namespace InferMesh.Grains.Versions;

/// <summary>What is stored of an object: its versions, newest first, and the events of its last changes.</summary>
internal interface IVersionedState<T> : IOutboxState
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

/// <summary>What an event of a change says beside what it always does.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Type">Type of the event; null for that of the kind.</param>
/// <param name="Facts">Further facts.</param>
internal readonly record struct Happened(string Reason, string? Type, IReadOnlyList<(string Key, string Value)> Facts);

/// <summary>One object of which every version is kept: compared and set, with history and rollback, told to an index.</summary>
internal abstract partial class VersionedGrain<T, TSpec, TState>(VersionedKind kind, IPersistentState<TState> state, TimeProvider time, ILogger logger) : Grain, IEventSource
    where T : class, IVersioned
    where TState : class, IVersionedState<T>
{
    // What is stored, never what is being written: Get may come in between.
    private IReadOnlyList<T> _versions = [];
    private EventOutbox _outbox = null!;

    protected string Name => this.GetPrimaryKeyString();

    protected T? Current => _versions is [{ Deleted: false } newest, ..] ? newest : null;

    /// <summary>The time of now.</summary>
    protected DateTimeOffset Now => time.GetUtcNow();

    /// <summary>All that is stored, the versions among it.</summary>
    protected TState Stored => state.State;

    private long LastVersion => _versions is [var newest, ..] ? newest.Version : 0;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _versions = [.. state.State.Versions];
        _outbox = new(this, GrainFactory, () => state.State, time, logger);
        _outbox.Begin();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _outbox.Stop();
        return Task.CompletedTask;
    }

    public async Task Flush()
    {
        if (_outbox.IsUnsure) await ReadAgainAsync();
        await _outbox.SettleAsync(state.WriteStateAsync);
    }

    public Task<T?> Get()
    {
        LeaveIfUnknown();
        return Task.FromResult(Current);
    }

    public Task<IReadOnlyList<T>> History()
    {
        LeaveIfUnknown();
        return Task.FromResult(_versions);
    }

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
        if (await LapsesAsync(SpecOf(old)) is { Count: > 0 } lapses) return Refused(PolicyStatus.Invalid, lapses);
        return Refusal(expected) ?? await WriteAsync(SpecOf(old), deleted: false, actor, FormattableString.Invariant($"rolled back to version {version}"));
    }

    protected Change<T> Refused(PolicyStatus status, params IReadOnlyList<FieldError> errors) => new(status, Current, Current?.Version ?? PolicyVersions.None, errors);

    protected Change<T>? Refusal(long expected) =>
        expected == PolicyVersions.Any || expected == (Current?.Version ?? PolicyVersions.None) ? null : Refused(PolicyStatus.Conflict);

    /// <summary>Stores what has changed beside the versions.</summary>
    protected Task StoreAsync() => state.WriteStateAsync();

    protected abstract TSpec SpecOf(T version);

    protected abstract T Make(TSpec spec, long version, DateTimeOffset at, string actor, bool deleted);

    /// <summary>Versions that are kept.</summary>
    protected virtual int HistoryLength => PolicyVersions.HistoryLength;

    /// <summary>What is wrong with a content, by the rules of its kind.</summary>
    protected abstract Task<IReadOnlyList<FieldError>> FaultsAsync(TSpec spec);

    /// <summary>What is wrong with a content that comes out of a backup.</summary>
    protected virtual Task<IReadOnlyList<FieldError>> RestoreFaultsAsync(TSpec spec) => FaultsAsync(spec);

    /// <summary>What is wrong by now with a content that was right: rules do not change with time, but plugins come and go.</summary>
    protected virtual Task<IReadOnlyList<FieldError>> LapsesAsync(TSpec spec) => Task.FromResult<IReadOnlyList<FieldError>>([]);

    /// <summary>What stands against a content in the mesh as it is now, which would make it a conflict. Claims nothing.</summary>
    protected virtual Task<IReadOnlyList<FieldError>> ObstaclesAsync(TSpec spec) => Task.FromResult<IReadOnlyList<FieldError>>([]);

    /// <summary>What the event of a change says beside the version.</summary>
    protected virtual IEnumerable<(string Key, string Value)> Facts(TSpec spec) => [];

    /// <summary>Just before a version is stored: what stands against it, which makes it a conflict.</summary>
    protected virtual Task<IReadOnlyList<FieldError>> PrepareAsync(TSpec spec, bool deleted) => Task.FromResult<IReadOnlyList<FieldError>>([]);

    /// <summary>Tells the index of a version that is stored.</summary>
    protected abstract Task PublishAsync(T version);

    /// <param name="spec">Content.</param>
    /// <param name="deleted">It is a deletion.</param>
    /// <param name="actor">Who writes.</param>
    /// <param name="reason">Why.</param>
    /// <param name="type">Type of the event; null for that of the kind.</param>
    /// <param name="facts">What the event says beside what it always does.</param>
    protected Task<Change<T>> WriteAsync(TSpec spec, bool deleted, string actor, string reason = "", string? type = null, params IReadOnlyList<(string Key, string Value)> facts) =>
        WriteAsync(spec, deleted, actor, [new(reason, type, facts)]);

    /// <summary>Stores one version with all that happened, at once: whoever dies in between has stored nothing of it.</summary>
    /// <param name="spec">Content.</param>
    /// <param name="deleted">It is a deletion.</param>
    /// <param name="actor">Who writes.</param>
    /// <param name="happened">What the events say, in order, one or more.</param>
    protected async Task<Change<T>> WriteAsync(TSpec spec, bool deleted, string actor, IReadOnlyList<Happened> happened)
    {
        var before = Current?.Version ?? 0;
        // The name first: an index that rebuilds after a crash in between finds the object, or finds that there is none.
        if (before == 0) await GrainFactory.GetGrain<IDirectoryGrain>(kind.Directory).Add(Name);
        if (await PrepareAsync(spec, deleted) is { Count: > 0 } obstacles) return Refused(PolicyStatus.Conflict, obstacles);
        await _outbox.OpenAsync();
        var written = Make(spec, LastVersion + 1, time.GetUtcNow(), actor, deleted);
        state.State.Versions = [written, .. _versions.Take(HistoryLength - 1)];
        foreach (var (reason, type, facts) in happened) _outbox.Put(EventOf(type ?? (deleted ? kind.Deleted : before > 0 ? kind.Updated : kind.Created), written, before, actor, reason, facts));
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            state.State.Versions = [.. _versions];
            _outbox.Failed();
            throw;
        }
        _versions = [.. state.State.Versions];
        _outbox.Stored();
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

    /// <summary>A name under which nothing is stored costs no memory once it is answered: names can be made up by anybody.</summary>
    private void LeaveIfUnknown()
    {
        if (state.State.Versions.Count == 0) DeactivateOnIdle();
    }

    private MeshEvent EventOf(string type, T written, long before, string actor, string reason, params IEnumerable<(string Key, string Value)> facts) => new()
    {
        Type = type,
        Subject = Name,
        Actor = actor,
        Reason = reason,
        VersionBefore = before,
        VersionAfter = written.Deleted ? 0 : written.Version,
        Data = new Dictionary<string, string>([new("version", written.Version.ToString(CultureInfo.InvariantCulture)), .. Facts(SpecOf(written)).Concat(facts).Select(static f => KeyValuePair.Create(f.Key, f.Value))]),
    };

    /// <summary>After a write that failed and may have been done all the same.</summary>
    private async Task ReadAgainAsync()
    {
        await state.ReadStateAsync();
        _versions = [.. state.State.Versions];
        _outbox.Begin();
    }

    [LoggerMessage(LogLevel.Information, "{Kind} {Name} version {Version} {Change} by {Actor}")]
    private partial void Written(string kind, string name, long version, string change, string actor);

    [LoggerMessage(LogLevel.Warning, "{Kind} {Name} version {Version} has not reached the index yet: {Reason}")]
    private partial void NotPublished(string kind, string name, long version, string reason);
}
