using InferMesh.Api.Problems;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.ModelEndpoints;

/// <summary>Refused calls about endpoints as problem details.</summary>
internal static class EndpointProblems
{
    public static ProblemResult Of(string name, EndpointResult result) => result switch
    {
        { Status: PolicyStatus.Invalid } => new(Problem.Invalid(result.Errors)),
        { NameTaken: true } => Taken(result),
        { Status: PolicyStatus.Conflict } => VersionProblems.Stale("endpoint", name, result.CurrentVersion),
        _ => new(Problem.Of(404, "not-found", "Not found", result.Errors is [var error, ..] ? error.Message : $"There is no endpoint \"{name}\".")),
    };

    /// <summary>Another endpoint has a name or an alias that this one wants.</summary>
    private static ProblemResult Taken(EndpointResult result)
    {
        var problem = Problem.Conflict($"{string.Join(" ", result.Errors.Select(e => $"{e.Field}: {e.Message}"))} A name or alias belongs to one endpoint.");
        problem.Extensions["errors"] = result.Errors.ToDictionary(e => e.Field, e => new[] { e.Message });
        return new(problem);
    }
}
