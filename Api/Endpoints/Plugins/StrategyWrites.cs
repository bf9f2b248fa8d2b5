using InferMesh.Api.Calls;
using InferMesh.Api.Http;
using InferMesh.Api.OpenApi;
using InferMesh.Api.Security;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Audit;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Plugins;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Endpoints.Plugins;

/// <summary>Pushing, enabling and removing strategy plugins.</summary>
internal static class StrategyWrites
{
    private static readonly QueryParameter DryRunParameter = new("dryRun", "Checks and tries out the package, and stores nothing.") { Type = QueryType.Flag };
    private static readonly QueryParameter VersionParameter = new("version", "Version of the plugin.");
    private static readonly QueryParameter ForceParameter = new("force", "Also while policies or endpoints stand against it; their fallbacks serve then.") { Type = QueryType.Flag };

    public static void MapStrategyWrites(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/strategies", Push).Needs(Permission.StrategiesWrite)
            .Describe("Strategies", "PushStrategy", "Pushes a version of a strategy plugin", """
                The body is a zip archive of at most 8 MiB with `plugin.json` at its top. It is opened, its files are compared with their hashes, and it is loaded once, before it is stored; its digest must be one
                that silos allow. It serves when it is enabled. A version never changes: 409 when it is there with other content. Ten versions are kept; an eleventh drops the oldest that is not used. A plugin
                for .NET runs in the process of the silos and needs the permission `strategies.trust` as well.
                """)
            .WithQuery(DryRunParameter).TakesArchive().WithMetadata(new RequestSizeLimitAttribute(IPluginGateGrain.MaxArchiveBytes))
            .Returns<StrategyView>(200, 201).Refuses(409);
        routes.MapPost("/strategies/{name}/enable", Enable).Needs(Permission.StrategiesWrite)
            .Describe("Strategies", "EnableStrategy", "Lets a version of a strategy plugin serve", """
                Without a version, the one that was pushed last. Each silo loads it first and then puts it in place of the one before, between two decisions. 409 when parameters of policies do not fit it, with their
                names in `usedBy`.
                """)
            .WithQuery(VersionParameter, ForceParameter)
            .Returns<StrategyView>().Refuses(404, 409);
        routes.MapPost("/strategies/{name}/rollback", Rollback).Needs(Permission.StrategiesWrite)
            .Describe("Strategies", "RollbackStrategy", "Lets the version of a strategy plugin serve that did before", "409 when there is none, or when parameters of policies do not fit it.")
            .WithQuery(ForceParameter)
            .Returns<StrategyView>().Refuses(404, 409);
        routes.MapPost("/strategies/{name}/disable", Disable).Needs(Permission.StrategiesWrite)
            .Describe("Strategies", "DisableStrategy", "Lets no version of a strategy plugin serve", "409 while policies or endpoints name it, with their names in `usedBy`.")
            .WithQuery(ForceParameter)
            .Returns<StrategyView>().Refuses(404, 409);
        routes.MapDelete("/strategies/{name}", Remove).Needs(Permission.StrategiesWrite)
            .Describe("Strategies", "RemoveStrategy", "Removes a strategy plugin, or one version of it", "Without a version, all of it. 409 while policies or endpoints name what is removed, with their names in `usedBy`.")
            .WithQuery(VersionParameter, ForceParameter)
            .Returns(204).Refuses(404, 409);
    }

    private static async Task<IResult> Push(ArchiveBody archive, HttpContext context, GrainCalls calls)
    {
        var dryRun = Flag(context, DryRunParameter);
        var actor = Actor.Of(context.Request).Name;
        var upload = new PluginUpload(archive.Bytes, context.Caller().Has(Permission.StrategiesTrust), dryRun);
        var result = await calls.OnceAsync(g => g.GetGrain<IPluginGateGrain>(0).Push(upload, actor), context.RequestAborted);
        if (result is not { Status: PluginStatus.Accepted, Plugin: { } plugin })
        {
            if (result.Status == PluginStatus.Forbidden) AuditNotes.Of(context).Reason = result.Errors[0].Message;
            return StrategyProblems.Of(result.Plugin?.Name ?? "", result);
        }
        if (dryRun) return TypedResults.Ok(StrategyView.Of(plugin));
        return TypedResults.Created(ApiV1.StrategyPath(plugin.Name), StrategyView.Of(plugin));
    }

    private static Task<IResult> Enable(string name, HttpContext context, GrainCalls calls) =>
        ChangeAsync(name, context, calls, (plugin, actor) => plugin.Enable(Version(context), Flag(context, ForceParameter), actor));

    private static Task<IResult> Rollback(string name, HttpContext context, GrainCalls calls) => ChangeAsync(name, context, calls, (plugin, actor) => plugin.Rollback(Flag(context, ForceParameter), actor));

    private static Task<IResult> Disable(string name, HttpContext context, GrainCalls calls) => ChangeAsync(name, context, calls, (plugin, actor) => plugin.Disable(Flag(context, ForceParameter), actor));

    private static Task<IResult> Remove(string name, HttpContext context, GrainCalls calls) =>
        ChangeAsync(name, context, calls, (plugin, actor) => plugin.Remove(Version(context), Flag(context, ForceParameter), actor), removes: true);

    private static async Task<IResult> ChangeAsync(string name, HttpContext context, GrainCalls calls, Func<IPluginGrain, string, Task<PluginResult>> change, bool removes = false)
    {
        if (!Names.IsValid(name)) return StrategyProblems.Missing(name);
        var actor = Actor.Of(context.Request).Name;
        var result = await calls.OnceAsync(g => change(g.GetGrain<IPluginGrain>(name), actor), context.RequestAborted);
        if (result.Status != PluginStatus.Accepted) return StrategyProblems.Of(name, result);
        return removes || result.Plugin is null ? TypedResults.NoContent() : TypedResults.Ok(StrategyView.Of(result.Plugin));
    }

    private static string Version(HttpContext context) => new QueryReader(context).Text(VersionParameter.Name) ?? "";

    private static bool Flag(HttpContext context, QueryParameter parameter) => new QueryReader(context).Flag(parameter.Name) ?? false;
}
