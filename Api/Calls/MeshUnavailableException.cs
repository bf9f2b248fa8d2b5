namespace InferMesh.Api.Calls;

/// <summary>The cluster did not do what was asked, for a reason of its own; becomes 503 with Retry-After.</summary>
internal sealed class MeshUnavailableException(string message, Exception inner) : Exception(message, inner);
