using InferMesh.Api.Options;
using InferMesh.Api.Problems;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Endpoints.Events;

/// <summary>Places for event streams, of the mesh and of jobs together. Thread-safe.</summary>
internal sealed class StreamPlaces(IOptionsMonitor<ApiSettings> settings)
{
    private int _open;

    /// <summary>Takes a place; false when all are taken.</summary>
    public bool TryOpen()
    {
        if (Interlocked.Increment(ref _open) <= settings.CurrentValue.MaxEventStreams) return true;
        Close();
        return false;
    }

    /// <summary>Gives a place back.</summary>
    public void Close() => Interlocked.Decrement(ref _open);

    public static ProblemResult Full() =>
        new(Problem.Of(StatusCodes.Status429TooManyRequests, "too-many-streams", "Too many event streams are open", "Close one, or read pages with \"Accept: application/json\"."));
}
