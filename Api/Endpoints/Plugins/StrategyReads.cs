using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Strategies;

namespace InferMesh.Api.Endpoints.Plugins;

/// <summary>Reading strategies.</summary>
internal static class StrategyReads
{
    private static readonly QueryParameter SourceParameter = new("source", "Strategies of this source.") { Allowed = [.. Enum.GetNames<StrategySource>().Select(s => s.ToLowerInvariant())] };

    public static void MapStrategyReads(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/strategies", List).Needs(Permission.StrategiesRead)
            .Describe("Strategies", "ListStrategies", "Strategies that policies can name", "Those of the catalogue in its order, then plugins by name.")
            .WithQuery(SourceParameter)
            .Returns<Listing<StrategyView>>();
        routes.MapGet("/strategies/{name}", Get).Needs(Permission.StrategiesRead)
            .Describe("Strategies", "GetStrategy", "One strategy", "With its parameters, and of a plugin its versions.")
            .Returns<StrategyView>().Refuses(404);
        routes.MapGet("/shadows", Shadows).Needs(Permission.StrategiesRead)
            .Describe("Strategies", "ListShadows", "What live strategies cost beyond shadow strategies", "Estimated from what became of sampled requests, all silos together since they started; see InferMesh:Routing:ShadowStrategy. Decisions of a plugin are set against its fallback where no shadow is named.")
            .Returns<Listing<ShadowView>>();
    }

    private static async Task<IResult> Shadows(GrainCalls calls, CancellationToken cancellationToken) => TypedResults.Ok(new Listing<ShadowView>
    {
        Items = [.. (await calls.RetryAsync(static g => g.GetGrain<IShadowGrain>(IShadowGrain.Key).List(), cancellationToken)).Select(ShadowView.Of)],
    });

    private static async Task<IResult> List(HttpContext context, GrainCalls calls, CancellationToken cancellationToken)
    {
        var source = new QueryReader(context).Text(SourceParameter.Name) is { } text ? Enum.Parse<StrategySource>(text, ignoreCase: true) : (StrategySource?)null;
        IReadOnlyList<MeshPlugin> plugins = source == StrategySource.Catalogue ? []
            : (await calls.RetryAsync(g => g.GetGrain<IPluginIndexGrain>(IPluginIndexGrain.Key).List(), cancellationToken)).Plugins;
        var catalogue = source == StrategySource.Plugin ? [] : StrategyCatalog.All;
        return TypedResults.Ok(new Listing<StrategyView> { Items = [.. catalogue.Select(StrategyView.Of), .. plugins.Select(StrategyView.Of)] });
    }

    private static async Task<IResult> Get(string name, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (StrategyCatalog.All.FirstOrDefault(s => s.Name == name) is { } known) return TypedResults.Ok(StrategyView.Of(known));
        return Names.IsValid(name) && await calls.RetryAsync(g => g.GetGrain<IPluginGrain>(name).Get(), cancellationToken) is { } plugin
            ? TypedResults.Ok(StrategyView.Of(plugin))
            : StrategyProblems.Missing(name);
    }
}
