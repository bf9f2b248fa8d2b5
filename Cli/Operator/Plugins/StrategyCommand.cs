using System.CommandLine;
using System.Text.Json.Nodes;

namespace InferMesh.Cli.Operator.Plugins;

/// <summary><c>infermesh strategy</c>: strategies that policies can name, and the life of those that are plugins.</summary>
internal static class StrategyCommand
{
    private const string Path = "/api/v1/strategies";

    public static Command Create() => new("strategy", "List strategies, and push, enable, try and remove those that are plugins.")
    {
        Reading.List("list", "List the strategies that policies can name: the catalogue, then plugins.", Path, StrategyViews.Strategy, QueryOption.Text("--source", "catalogue or plugin.", null, "catalogue", "plugin")),
        Reading.One("show", "Show one strategy with its parameters, and of a plugin its versions.", Name(), static name => PathOf(name), StrategyViews.Strategy),
        Reading.List("shadows", "List what live strategies cost beyond shadow strategies, estimated from what became of requests.", "/api/v1/shadows", StrategyViews.Shadow),
        Push(),
        Enable(),
        Change("disable", "Let no version of a plugin serve."),
        Change("rollback", "Let the version of a plugin serve that did before."),
        Remove(),
        Test(),
    };

    private static Command Push()
    {
        var package = new Argument<string>("package") { Description = "Folder with plugin.json at its top, or a zip archive of one." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Check the package and try it out, and store nothing." };
        var enable = new Option<bool>("--enable") { Description = "Enable the version as soon as it is there." };
        return ApiCommand.Create("push", "Push a version of a plugin.", async (call, cancellationToken) =>
        {
            var parsed = call.Parsed;
            if (parsed.GetValue(dryRun) && parsed.GetValue(enable))
                throw new UsageException("--dry-run and --enable exclude each other: give one");
            var archive = StrategyArchive.Read(parsed.GetRequiredValue(package));
            call.Api.BePatient();
            using var pushed = await call.Api.PostArchiveAsync(parsed.GetValue(dryRun) ? $"{Path}?dryRun=true" : Path, archive.Bytes, cancellationToken);
            if (!parsed.GetValue(enable))
            {
                await call.WriteAsync(pushed.RootElement, StrategyViews.Pushed(archive.Version));
                return 0;
            }

            using var enabled = await call.Api.PostAsync($"{PathOf(pushed.RootElement.Text("name"))}/enable?version={Uri.EscapeDataString(archive.Version)}", null, null, cancellationToken);
            await call.WriteAsync(enabled.RootElement, StrategyViews.Line);
            return 0;
        }, package, dryRun, enable);
    }

    private static Command Enable()
    {
        var (name, force) = (Versioned("Name of the plugin, with @ and a version where it is not the one that was pushed last."), Force());
        return ApiCommand.Create("enable", "Let a version of a plugin serve.", async (call, cancellationToken) =>
        {
            var (plugin, version) = Split(call.Parsed.GetRequiredValue(name));
            using var changed = await call.Api.PostAsync($"{PathOf(plugin)}/enable{Query(version, call.Parsed.GetValue(force))}", null, null, cancellationToken);
            await call.WriteAsync(changed.RootElement, StrategyViews.Line);
            return 0;
        }, name, force);
    }

    private static Command Change(string verb, string description)
    {
        var (name, force) = (Name(), Force());
        return ApiCommand.Create(verb, description, async (call, cancellationToken) =>
        {
            using var changed = await call.Api.PostAsync($"{PathOf(call.Parsed.GetRequiredValue(name))}/{verb}{Query("", call.Parsed.GetValue(force))}", null, null, cancellationToken);
            await call.WriteAsync(changed.RootElement, StrategyViews.Line);
            return 0;
        }, name, force);
    }

    private static Command Remove()
    {
        var (name, force) = (Versioned("Name of the plugin, with @ and a version where it is one version alone."), Force());
        return ApiCommand.Create("remove", "Remove a plugin, or one version of it.", [], async (call, cancellationToken) =>
        {
            var which = call.Parsed.GetRequiredValue(name);
            var (plugin, version) = Split(which);
            await call.Api.DeleteAsync($"{PathOf(plugin)}{Query(version, call.Parsed.GetValue(force))}", cancellationToken);
            await call.Output.WriteLineAsync(Terminal.Clean($"{which}  removed"));
            return 0;
        }, name, force);
    }

    private static Command Test()
    {
        var name = Versioned("Name of the plugin, with @ and a version where it is not the one that was pushed last.");
        var recent = new Option<int?>("--recent") { Description = "How many of the recent requests of this API are decided again, 0 to 200; 100 by default.", HelpName = "NUMBER" };
        var fallback = new Option<string?>("--fallback") { Description = "Strategy that answers where the plugin does not; hybrid_mesh by default.", HelpName = "STRATEGY" };
        return ApiCommand.Create("test", "Decide recent requests again with a plugin, and say how often it would decide otherwise, how often it failed and how long it took.", async (call, cancellationToken) =>
        {
            var (plugin, version) = Split(call.Parsed.GetRequiredValue(name));
            var body = new JsonObject();
            if (version.Length > 0)
                body["version"] = version;
            if (call.Parsed.GetValue(recent) is { } most)
                body["recent"] = most;
            if (call.Parsed.GetValue(fallback) is { } other)
                body["fallback"] = other;
            call.Api.BePatient();
            using var trial = await call.Api.PostAsync($"{PathOf(plugin)}/test", body.ToJsonString(), null, cancellationToken);
            await call.WriteAsync(trial.RootElement, StrategyViews.Trial);
            return 0;
        }, name, recent, fallback);
    }

    private static Argument<string> Name() => new("name") { Description = "Name of the strategy." };

    private static Argument<string> Versioned(string description) => new("name") { Description = description, HelpName = "name[@version]" };

    private static Option<bool> Force() => new("--force") { Description = "Also while policies or endpoints stand against it; their fallbacks serve then." };

    private static (string Name, string Version) Split(string which) => which.Split('@') switch
    {
        [var name] => (name, ""),
        [var name, { Length: > 0 } version] => (name, version),
        _ => throw new UsageException($"'{which}' must be a name, or a name and a version such as my_mesh@1.2.0"),
    };

    private static string PathOf(string name) => Reading.PathOf(Path, name, "strategy");

    private static string Query(string version, bool force)
    {
        string[] parts = [.. version.Length > 0 ? [$"version={Uri.EscapeDataString(version)}"] : Array.Empty<string>(), .. force ? ["force=true"] : Array.Empty<string>()];
        return parts.Length > 0 ? $"?{string.Join('&', parts)}" : "";
    }
}
