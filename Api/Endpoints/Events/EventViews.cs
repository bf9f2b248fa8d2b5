using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Api.Endpoints.Events;

/// <summary>Events of one read.</summary>
internal sealed record EventPageView
{
    /// <summary>Events, oldest first.</summary>
    public required IReadOnlyList<MeshEvent> Items { get; init; }

    /// <summary>Give it as <c>after</c> to read on.</summary>
    public long Cursor { get; init; }

    /// <summary>Events between <c>after</c> and the first one here are no longer kept.</summary>
    public bool Truncated { get; init; }
}
