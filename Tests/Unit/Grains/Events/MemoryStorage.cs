using System.Globalization;
using System.Text.Json;
using Orleans.Storage;

namespace InferMesh.Tests.Unit.Grains.Events;

/// <summary>Storage in memory that compares and sets, and fails when a test says so.</summary>
internal sealed class MemoryStorage : IGrainStorage
{
    private readonly Dictionary<(string Name, GrainId Id), (string Json, long Version)> _rows = [];
    private long _version;

    /// <summary>Called before each write with the name of the state: throws when it is not to be done.</summary>
    public Action<string> BeforeWrite { get; set; } = static _ => { };

    /// <summary>Called after each write with the name of the state: throws when nobody is to hear that it was done.</summary>
    public Action<string> AfterWrite { get; set; } = static _ => { };

    /// <summary>Completes when a write may go on.</summary>
    public Func<Task> Gate { get; set; } = static () => Task.CompletedTask;

    /// <summary>Completes when the writer may hear that its write was done.</summary>
    public Func<Task> Told { get; set; } = static () => Task.CompletedTask;

    public int Writes { get; private set; }

    public int Count(string name) => _rows.Keys.Count(k => k.Name == name);

    public void Put<T>(string name, GrainId id, T state) => _rows[(name, id)] = (JsonSerializer.Serialize(state), ++_version);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var found = _rows.TryGetValue((stateName, grainId), out var row);
        grainState.State = found ? JsonSerializer.Deserialize<T>(row.Json)! : Activator.CreateInstance<T>();
        (grainState.ETag, grainState.RecordExists) = (found ? row.Version.ToString(CultureInfo.InvariantCulture) : null, found);
        return Task.CompletedTask;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var json = JsonSerializer.Serialize(grainState.State);
        await Gate();
        BeforeWrite(stateName);
        Compare(stateName, grainId, grainState);
        Writes++;
        _rows[(stateName, grainId)] = (json, ++_version);
        AfterWrite(stateName);
        await Told();
        (grainState.ETag, grainState.RecordExists) = (_version.ToString(CultureInfo.InvariantCulture), true);
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Compare(stateName, grainId, grainState);
        _rows.Remove((stateName, grainId));
        return Task.CompletedTask;
    }

    private void Compare<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = _rows.TryGetValue((stateName, grainId), out var row) ? row.Version.ToString(CultureInfo.InvariantCulture) : null;
        if (stored != grainState.ETag) throw new InconsistentStateException($"{stateName} of {grainId} was written by somebody else.", stored, grainState.ETag);
    }
}
