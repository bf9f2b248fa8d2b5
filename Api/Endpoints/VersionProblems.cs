using InferMesh.Api.Problems;

namespace InferMesh.Api.Endpoints;

/// <summary>What goes wrong with changes of versioned objects, as problem details.</summary>
internal static class VersionProblems
{
    /// <summary>Another version is current than the caller believes.</summary>
    /// <param name="noun">What it is, such as <c>policy</c>.</param>
    /// <param name="name">Its name.</param>
    /// <param name="currentVersion">Version that is current; 0 when there is none.</param>
    public static ProblemResult Stale(string noun, string name, long currentVersion)
    {
        var problem = Problem.Of(
            StatusCodes.Status412PreconditionFailed, "precondition-failed", "Another version is current",
            currentVersion == 0
                ? $"There is no {noun} \"{name}\" now: create it with If-None-Match: *."
                : $"{char.ToUpperInvariant(noun[0])}{noun[1..]} \"{name}\" is at version {currentVersion}: read it, and send your change with If-Match: \"{currentVersion}\".");
        problem.Extensions["currentVersion"] = currentVersion;
        return new(problem);
    }
}
