using Grpc.Core;
using InferMesh.Api.Calls;
using InferMesh.Api.Decisions;
using InferMesh.Api.Endpoints.Plugins;
using InferMesh.Api.Endpoints.Policies;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Http;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Audit;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Topology;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Strategies;
using Domain = InferMesh.Grains.Abstractions.Policies;
using Source = InferMesh.Control.V1.StrategySource;

namespace InferMesh.Api.Grpc.Control;

/// <summary>The registry of strategies over gRPC: what REST does at <c>/api/v1/strategies</c>.</summary>
internal sealed class StrategyRegistryService(GrainCalls calls, DecisionLog decisions, ApiLocation here) : StrategyRegistry.StrategyRegistryBase
{
    [Needs(Permission.StrategiesRead)]
    public override async Task<ListStrategiesResponse> ListStrategies(ListStrategiesRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        violations.Require(System.Enum.IsDefined(request.Source), "source", "is not a source of strategies.");
        violations.ThrowIfAny();
        var response = new ListStrategiesResponse();
        if (request.Source != Source.Plugin) response.Strategies.AddRange(StrategyCatalog.All.Select(static s => StrategyMapper.ToProto(StrategyView.Of(s))));
        if (request.Source == Source.Catalogue) return response;
        var listing = await calls.RetryAsync(static g => g.GetGrain<IPluginIndexGrain>(IPluginIndexGrain.Key).List(), context.CancellationToken);
        response.Strategies.AddRange(listing.Plugins.Select(static p => StrategyMapper.ToProto(StrategyView.Of(p))));
        return response;
    }

    [Needs(Permission.StrategiesRead)]
    public override async Task<Strategy> GetStrategy(GetStrategyRequest request, ServerCallContext context)
    {
        if (StrategyCatalog.All.FirstOrDefault(s => s.Name == request.Name) is { } known) return StrategyMapper.ToProto(StrategyView.Of(known));
        return StrategyMapper.ToProto(StrategyView.Of(await FindAsync(request.Name, context)));
    }

    [Needs(Permission.StrategiesWrite)]
    public override async Task<Strategy> PushStrategy(IAsyncStreamReader<PushStrategyRequest> requestStream, ServerCallContext context)
    {
        using var archive = new MemoryStream();
        var dryRun = false;
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            var part = requestStream.Current;
            dryRun |= part.DryRun;
            // What is too much is not kept until its end is there.
            if (archive.Length + part.Archive.Length > IPluginGateGrain.MaxArchiveBytes) throw Invalid("archive", $"must be a zip archive of 1 to {IPluginGateGrain.MaxArchiveBytes} bytes.");
            part.Archive.WriteTo(archive);
        }
        var http = context.GetHttpContext();
        var upload = new PluginUpload(archive.ToArray(), http.Caller().Has(Permission.StrategiesTrust), dryRun);
        var actor = context.Actor();
        var result = await calls.OnceAsync(g => g.GetGrain<IPluginGateGrain>(0).Push(upload, actor), context.CancellationToken);
        if (result.Plugin is { } about) AuditNotes.Of(http).Subject = about.Name;
        if (result.Status == PluginStatus.Forbidden) AuditNotes.Of(http).Reason = result.Errors[0].Message;
        return StrategyMapper.ToProto(StrategyView.Of(Accepted(result, "")!));
    }

    [Needs(Permission.StrategiesWrite)]
    public override async Task<Strategy> EnableStrategy(EnableStrategyRequest request, ServerCallContext context) =>
        await ChangedAsync(request.Name, context, (plugin, actor) => plugin.Enable(request.Version, request.Force, actor), request.Version);

    [Needs(Permission.StrategiesWrite)]
    public override async Task<Strategy> DisableStrategy(DisableStrategyRequest request, ServerCallContext context) =>
        await ChangedAsync(request.Name, context, (plugin, actor) => plugin.Disable(request.Force, actor));

    [Needs(Permission.StrategiesWrite)]
    public override async Task<Strategy> RollbackStrategy(RollbackStrategyRequest request, ServerCallContext context) =>
        await ChangedAsync(request.Name, context, (plugin, actor) => plugin.Rollback(request.Force, actor));

    [Needs(Permission.StrategiesWrite)]
    public override async Task<RemoveStrategyResponse> RemoveStrategy(RemoveStrategyRequest request, ServerCallContext context)
    {
        await ChangeAsync(request.Name, context, (plugin, actor) => plugin.Remove(request.Version, request.Force, actor), request.Version);
        return new();
    }

    [Needs(Permission.StrategiesWrite)]
    public override async Task<TestStrategyResponse> TestStrategy(TestStrategyRequest request, ServerCallContext context)
    {
        var reader = new BodyReader();
        var queries = TrialQueries.Read(reader, request.HasRecent ? request.Recent : null, null, decisions, here);
        var violations = new Violations();
        violations.Add(reader.Errors);
        violations.ThrowIfAny();
        var plugin = await FindAsync(request.Name, context);
        if (StrategyTrials.Refusal(plugin, request.Version, out var version) is { } refusal) throw Invalid(refusal.Field, refusal.Message);
        var routing = new Domain.RoutingSpec { Strategy = plugin.Name, Parameters = request.Parameters.ToDictionary(), Fallback = request.Fallback.Length > 0 ? request.Fallback : null };
        var trial = await StrategyTrials.TryAsync(calls, queries, version, routing, context.CancellationToken);
        violations.Add(trial.Errors);
        violations.ThrowIfAny();
        return StrategyMapper.ToProto(StrategyTrialView.Of(plugin, version, trial, queries));
    }

    private async Task<MeshPlugin> FindAsync(string name, ServerCallContext context)
    {
        CheckName(name);
        return await calls.RetryAsync(g => g.GetGrain<IPluginGrain>(name).Get(), context.CancellationToken) ?? throw RpcErrors.NotFound("strategy plugin", name);
    }

    private async Task<Strategy> ChangedAsync(string name, ServerCallContext context, Func<IPluginGrain, string, Task<PluginResult>> change, string version = "") =>
        StrategyMapper.ToProto(StrategyView.Of((await ChangeAsync(name, context, change, version))!));

    private async Task<MeshPlugin?> ChangeAsync(string name, ServerCallContext context, Func<IPluginGrain, string, Task<PluginResult>> change, string version = "")
    {
        CheckName(name);
        var actor = context.Actor();
        return Accepted(await calls.OnceAsync(g => change(g.GetGrain<IPluginGrain>(name), actor), context.CancellationToken), name, version);
    }

    private static void CheckName(string name)
    {
        var violations = new Violations();
        violations.Name("name", name);
        violations.ThrowIfAny();
    }

    /// <summary>The plugin after an accepted change; null when it is gone.</summary>
    /// <exception cref="RpcException">The change was refused.</exception>
    private static MeshPlugin? Accepted(PluginResult result, string name, string version = "")
    {
        switch (result.Status)
        {
            case PluginStatus.Accepted:
                return result.Plugin;
            case PluginStatus.NotFound:
                throw RpcErrors.NotFound("strategy plugin", result.Errors.Count > 0 ? $"{name}@{version}" : name);
            case PluginStatus.Forbidden:
                throw RpcErrors.Refused(StatusCodes.Status403Forbidden, result.Errors[0].Message);
            case PluginStatus.Conflict:
                throw RpcErrors.Precondition(
                [
                    .. result.Errors.Select(e => new Google.Rpc.PreconditionFailure.Types.Violation { Type = Type(e.Field), Subject = result.Plugin?.Name ?? name, Description = $"{e.Field}: {e.Message}" }),
                    .. result.UsedBy.Select(static user => new Google.Rpc.PreconditionFailure.Types.Violation { Type = "USED_BY", Subject = user, Description = $"{user} names it." }),
                ]);
            default:
                var violations = new Violations();
                violations.Add(result.Errors.Select(static e => e.Field == "package" ? e with { Field = "archive" } : e));
                throw violations.Invalid();
        }
    }

    private static string Type(string field) => field is "version" or "kind" or "name" ? field.ToUpperInvariant() : "PARAMETERS";

    private static RpcException Invalid(string field, string message)
    {
        var violations = new Violations();
        violations.Add(field, message);
        return violations.Invalid();
    }
}
