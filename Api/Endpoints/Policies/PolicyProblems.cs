using InferMesh.Api.Problems;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Policies;

/// <summary>Refused policy calls as problem details.</summary>
internal static class PolicyProblems
{
    public static ProblemResult Of(string name, PolicyResult result) => result.Status switch
    {
        PolicyStatus.Invalid => new(Problem.Invalid(result.Errors)),
        PolicyStatus.Conflict => VersionProblems.Stale("policy", name, result.CurrentVersion),
        _ => new(Problem.Of(404, "not-found", "Not found", result.Errors is [var error, ..] ? error.Message : $"There is no policy \"{name}\".")),
    };
}
