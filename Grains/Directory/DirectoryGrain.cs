using InferMesh.Grains.Abstractions.Directory;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Directory;

/// <summary>Persisted names of one directory.</summary>
[GenerateSerializer, Alias("infermesh.DirectoryState")]
internal sealed class DirectoryState
{
    [Id(0)] public long Version { get; set; }

    [Id(1)] public List<string> Names { get; set; } = [];
}

/// <inheritdoc cref="IDirectoryGrain"/>
[GrainType("directory")]
internal sealed class DirectoryGrain : Grain, IDirectoryGrain
{
    private readonly IPersistentState<DirectoryState> _state;
    private readonly CoalescedWriter _writer;
    private readonly ChangeSignal _changed;

    public DirectoryGrain([PersistentState("directory")] IPersistentState<DirectoryState> state, TimeProvider time)
    {
        _state = state;
        _writer = new(state.WriteStateAsync);
        _changed = new(time);
    }

    private DirectoryListing Listing => new(_state.State.Version, [.. _state.State.Names]);

    public async Task<bool> Add(string name)
    {
        var at = _state.State.Names.BinarySearch(name, StringComparer.Ordinal);
        if (at >= 0)
        {
            // Someone else may still be writing it: the promise is that it is durable.
            await _writer.WriteAsync();
            return false;
        }
        _state.State.Names.Insert(~at, name);
        await CommitAsync();
        return true;
    }

    public async Task<bool> Remove(string name)
    {
        var at = _state.State.Names.BinarySearch(name, StringComparer.Ordinal);
        if (at < 0) return false;
        _state.State.Names.RemoveAt(at);
        await CommitAsync();
        return true;
    }

    public Task<DirectoryListing> List() => Task.FromResult(Listing);

    public async Task<DirectoryListing?> WaitForChange(long version, TimeSpan wait)
    {
        if (_state.State.Version == version) await _changed.WaitAsync(wait);
        return _state.State.Version == version ? null : Listing;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _changed.Pulse();
        return Task.CompletedTask;
    }

    private async Task CommitAsync()
    {
        _state.State.Version++;
        try
        {
            await _writer.WriteAsync();
        }
        catch
        {
            // What is in memory is not what is stored: the next activation reads the truth.
            DeactivateOnIdle();
            throw;
        }
        _changed.Pulse();
    }
}
