using InferMesh.Api.Problems;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>Refused policy calls as problem details.</summary>
internal static class PolicyProblems
{
    public static ProblemResult Of(string name, PolicyResult result) => result.Status switch
    {
        PolicyStatus.Invalid => new(Problem.Invalid(result.Errors)),
        PolicyStatus.Conflict => Stale(name, result.CurrentVersion),
        _ => new(Problem.Of(404, "not-found", "Not found", result.Errors is [var error, ..] ? error.Message : $"There is no policy \"{name}\".")),
    };

    public static ProblemResult Stale(string name, long currentVersion)
    {
        var problem = Problem.Of(
            StatusCodes.Status412PreconditionFailed, "precondition-failed", "Another version is current",
            currentVersion == 0
                ? $"There is no policy \"{name}\" now: create it with If-None-Match: *."
                : $"Policy \"{name}\" is at version {currentVersion}: read it, and send your change with If-Match: \"{currentVersion}\".");
        problem.Extensions["currentVersion"] = currentVersion;
        return new(problem);
    }
}
