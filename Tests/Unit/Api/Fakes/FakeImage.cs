using System.Text.Json.Nodes;
using InferMesh.Grains.Abstractions.Backup;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>What a grain stores, as a text that nobody reads.</summary>
internal sealed class FakeImage(GrainId id) : IBackedUpGrain
{
    public ObjectImage? Stored { get; set; }

    public int Writes { get; private set; }

    public Task<ObjectImage?> Save() => Task.FromResult(Stored);

    public Task<RestoreResult> Restore(ObjectImage image, bool overwrite, bool dryRun, string actor)
    {
        if (Stored is { } stored && Same(stored.State, image.State)) return Result(RestoreStatus.Unchanged);
        if (Stored is not null && !overwrite) return Result(RestoreStatus.Conflict, $"{id} is there with other content");
        var status = Stored is null ? RestoreStatus.Created : RestoreStatus.Overwritten;
        if (dryRun) return Result(status);
        (Stored, Writes) = (image, Writes + 1);
        return Result(status);
    }

    /// <summary>What was written as JSON may come back with other escapes.</summary>
    public static bool Same(string one, string other) => JsonNode.DeepEquals(JsonNode.Parse(one), JsonNode.Parse(other));

    private Task<RestoreResult> Result(RestoreStatus status, string reason = "") => Task.FromResult(new RestoreResult(status, Stored?.Version ?? 0, reason));
}
