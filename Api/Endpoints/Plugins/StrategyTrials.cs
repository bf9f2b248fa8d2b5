using InferMesh.Api.Calls;
using InferMesh.Api.Decisions;
using InferMesh.Api.Endpoints.Policies;
using InferMesh.Api.Endpoints.Routing;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Problems;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Topology;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Endpoints.Plugins;

/// <summary>What a plugin is tried on.</summary>
internal sealed record StrategyTrialBody
{
    /// <summary>Version; by default the one that was pushed last.</summary>
    public string? Version { get; init; }

    /// <summary>Parameters; those not given take their defaults.</summary>
    public IReadOnlyDictionary<string, double>? Parameters { get; init; }

    /// <summary>Strategy of the catalogue that answers where the plugin does not. Default hybrid_mesh.</summary>
    public string? Fallback { get; init; }

    /// <summary>How many of the recent decisions of this API are decided again, 0 to 200. Default 100, and 0 where there are requests.</summary>
    public int? Recent { get; init; }

    /// <summary>Requests to decide beside those, at most 100.</summary>
    public IReadOnlyList<RouteBody?>? Requests { get; init; }
}

/// <summary>What a plugin did with requests.</summary>
internal sealed record StrategyTrialView
{
    /// <summary>Name and version, such as my_mesh@1.2.0.</summary>
    public required string Strategy { get; init; }

    /// <summary>Rankings that the plugin was asked for.</summary>
    public long Calls { get; init; }

    /// <summary>Rankings that the fallback answered, by why, such as timeout, trap or invalid.</summary>
    public required IReadOnlyDictionary<string, long> Failures { get; init; }

    /// <summary>Mean microseconds of a decision as it is made now; absent when nothing was decided.</summary>
    public double? DecisionMicrosecondsNow { get; init; }

    /// <summary>Mean microseconds of a decision with the plugin; absent when nothing was decided.</summary>
    public double? DecisionMicrosecondsThen { get; init; }

    /// <summary>What would change.</summary>
    public required PolicyTrialView Outcome { get; init; }

    public static StrategyTrialView Of(MeshPlugin plugin, PluginVersion version, PluginTrial trial, TrialQueries queries) => new()
    {
        Strategy = $"{plugin.Name}@{version.Version}",
        Calls = trial.Calls,
        Failures = trial.Failures,
        DecisionMicrosecondsNow = Microseconds(trial.SecondsNow),
        DecisionMicrosecondsThen = Microseconds(trial.SecondsThen),
        Outcome = PolicyTrialView.Of(queries.Queries.Zip(trial.Trials, queries.Ids)),
    };

    private static double? Microseconds(double seconds) => seconds > 0 ? Math.Round(seconds * 1e6, 3) : null;
}

/// <summary>Trying plugins on recorded requests.</summary>
internal static class StrategyTrials
{
    public static void MapStrategyTrials(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/strategies/{name}/test", Test).Needs(Permission.StrategiesWrite)
            .Describe("Strategies", "TestStrategy", "What a strategy plugin would change", """
                Decides recent requests of this API again: as they are decided now, and as they would be if the version ranked, both on the same state of the fleet. The version need not be enabled: one silo loads an
                instance of its own for it. Nothing is written or reserved. Blocks of prompts are not recorded, and the plugin has learned nothing yet. The body may be left out.
                """)
            .Takes<StrategyTrialBody>("""{"version":"1.2.0","recent":100}""")
            .Returns<StrategyTrialView>().Refuses(404);

    private static async Task<IResult> Test(string name, VerbBody<StrategyTrialBody> body, HttpContext context, GrainCalls calls, DecisionLog decisions, ApiLocation here)
    {
        var given = body.Value ?? new();
        var reader = new BodyReader();
        var queries = TrialQueries.Read(reader, given.Recent, given.Requests, decisions, here);
        var wanted = reader.Text("version", given.Version);
        var fallback = reader.Text("fallback", given.Fallback);
        if (reader.Errors.Count > 0) return new ProblemResult(Problem.Invalid(reader.Errors));
        if (!Names.IsValid(name) || await calls.RetryAsync(g => g.GetGrain<IPluginGrain>(name).Get(), context.RequestAborted) is not { } plugin) return StrategyProblems.Missing(name);
        if (Refusal(plugin, wanted, out var version) is { } refusal) return new ProblemResult(Problem.Invalid(refusal.Field, refusal.Message));
        var routing = new RoutingSpec { Strategy = name, Parameters = given.Parameters ?? new Dictionary<string, double>(), Fallback = fallback.Length > 0 ? fallback : null };
        var trial = await TryAsync(calls, queries, version, routing, context.RequestAborted);
        return trial.Errors.Count > 0 ? new ProblemResult(Problem.Invalid(trial.Errors)) : TypedResults.Ok(StrategyTrialView.Of(plugin, version, trial, queries));
    }

    /// <summary>The version that is tried, or why none is.</summary>
    /// <param name="plugin">The plugin.</param>
    /// <param name="wanted">Version; "" for the one that was pushed last.</param>
    /// <param name="version">The version, where nothing stands against it.</param>
    public static FieldError? Refusal(MeshPlugin plugin, string wanted, out PluginVersion version)
    {
        version = (wanted.Length > 0 ? plugin.Spec.Find(wanted) : plugin.Spec.Versions[0])!;
        if (version is null) return new("version", $"'{wanted}' is none of {plugin.Name}. There are: {string.Join(", ", plugin.Spec.Versions.Select(static v => v.Version))}.");
        return version.Kind == PluginVersion.RoutingKind ? null : new("version", $"'{plugin.Name}' places training jobs, and requests say nothing of it: 'infermesh sim jobs --plugin' tries it out.");
    }

    /// <summary>Tries a version on any silo; once, because one that is slow with it is not helped by another that does the same.</summary>
    public static Task<PluginTrial> TryAsync(GrainCalls calls, TrialQueries queries, PluginVersion version, RoutingSpec routing, CancellationToken cancellationToken) =>
        calls.TryOnceAsync(g => g.GetGrain<IRouterGrain>(Random.Shared.Next(TrialQueries.Routers)).TryPlugin(queries.Queries, version.Digest, routing).AsTask(), cancellationToken);
}
