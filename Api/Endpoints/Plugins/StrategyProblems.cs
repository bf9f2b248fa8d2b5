using InferMesh.Api.Problems;
using InferMesh.Grains.Abstractions.Plugins;

namespace InferMesh.Api.Endpoints.Plugins;

/// <summary>Refused changes of plugins as problem details.</summary>
internal static class StrategyProblems
{
    public static ProblemResult Of(string name, PluginResult result) => result.Status switch
    {
        PluginStatus.Invalid => new(Problem.Invalid(result.Errors)),
        PluginStatus.Forbidden => new(Problem.Forbidden(Words(result))),
        PluginStatus.Conflict => Conflict(result),
        _ when result.Errors.Count > 0 => new(Problem.Of(404, "not-found", "Not found", Words(result))),
        _ => Missing(name),
    };

    public static ProblemResult Missing(string name) => new(Problem.NotFound("strategy plugin", name));

    private static ProblemResult Conflict(PluginResult result)
    {
        var problem = Problem.Conflict(Words(result));
        if (result.UsedBy.Count > 0) problem.Extensions["usedBy"] = result.UsedBy;
        return new(problem);
    }

    private static string Words(PluginResult result) => string.Join(" ", result.Errors.Select(static e => $"{e.Field}: {e.Message}"));
}
