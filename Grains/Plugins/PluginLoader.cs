using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Options;
using InferMesh.Strategies;
using InferMesh.Strategies.Hosting;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Plugins;

/// <summary>The silo's host of plugins: opens, trusts and loads them. Thread-safe; loading takes milliseconds to seconds of the thread that calls.</summary>
internal sealed partial class PluginLoader : IDisposable
{
    private static readonly TimeSpan LoadLimit = TimeSpan.FromSeconds(30);

    private readonly IGrainFactory _grains;
    private readonly IOptionsMonitor<PluginSettings> _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<PluginLoader> _logger;
    private readonly PluginHost _host;

    public PluginLoader(IGrainFactory grains, IOptionsMonitor<PluginSettings> settings, TimeProvider time, ILogger<PluginLoader> logger)
    {
        (_grains, _settings, _time, _logger) = (grains, settings, time, logger);
        // Whom to trust is asked here and not by the host, whose list is that of its start: a new version must not need a new process.
        _host = new(new() { Development = true, Budget = new() { RoutingDeadline = settings.CurrentValue.RoutingDeadline }, Log = Wrote });
    }

    /// <summary>Opens an archive; null with all that is wrong with it.</summary>
    public static PluginPackage? Open(byte[] archive, out IReadOnlyList<FieldError> errors)
    {
        using var stream = new MemoryStream(archive, writable: false);
        var package = PluginPackage.TryRead(stream, out var wrong);
        errors = Fields(wrong);
        return package;
    }

    /// <summary>Loads a package that the settings allow; null with all that stands against it. The caller disposes of the plugin.</summary>
    public LoadedPlugin? TryLoad(PluginPackage package, out IReadOnlyList<FieldError> errors)
    {
        errors = Refusals(package.Digest, inProcess: package.Manifest.Runtime != PluginRuntime.Wasm);
        if (errors.Count > 0) return null;
        var plugin = _host.TryLoad(package, null, out var wrong);
        errors = Fields(wrong);
        return plugin;
    }

    /// <summary>Fetches and loads a version that is stored; null with all that stands against it. The caller disposes of the plugin.</summary>
    /// <exception cref="TimeoutException">It took more than 30 s.</exception>
    public async Task<(LoadedPlugin? Plugin, IReadOnlyList<FieldError> Errors)> LoadAsync(string digest, CancellationToken stop = default)
    {
        if (Refusals(digest, inProcess: false) is { Count: > 0 } refused) return (null, refused);
        var load = FetchAsync(digest);
        try
        {
            return await load.WaitAsync(LoadLimit, _time, stop);
        }
        catch (Exception)
        {
            // Nobody waits for what comes late.
            _ = load.ContinueWith(static late => { if (late.IsCompletedSuccessfully) late.Result.Plugin?.Dispose(); }, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>What stands against running a package now; empty when it is allowed.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="inProcess">It is code that runs in the process itself, in no sandbox.</param>
    public IReadOnlyList<FieldError> Refusals(string digest, bool inProcess)
    {
        var settings = _settings.CurrentValue;
        if (settings.Development) return [];
        var errors = new List<FieldError>();
        if (!settings.AllowedDigests.Contains(digest))
            errors.Add(new("digest", $"{digest} is not among the packages that silos may load: add it to {PluginSettings.Section}:{nameof(PluginSettings.AllowedDigests)} of every silo."));
        if (inProcess && !settings.AllowDotNet)
            errors.Add(new("runtime", $"dotnet is not allowed: silos load it with {PluginSettings.Section}:{nameof(PluginSettings.AllowDotNet)} alone."));
        return errors;
    }

    public void Dispose() => _host.Dispose();

    private async Task<(LoadedPlugin? Plugin, IReadOnlyList<FieldError> Errors)> FetchAsync(string digest)
    {
        if (await _grains.GetGrain<IPluginPackageGrain>(digest).Get() is not { } archive) return (null, [new("digest", $"The content of {digest} is not stored: push it again.")]);
        return await Task.Run<(LoadedPlugin?, IReadOnlyList<FieldError>)>(() =>
        {
            if (Open(archive, out var errors) is not { } package) return (null, errors);
            // What was stored is what was pushed, or it is not run.
            if (package.Digest != digest) return (null, [new FieldError("digest", $"The content that is stored for {digest} is {package.Digest}.")]);
            return (TryLoad(package, out errors), errors);
        });
    }

    private static FieldError[] Fields(IReadOnlyList<ParameterError> errors) => [.. errors.Select(static e => new FieldError(e.Field, e.Message))];

    private void Wrote(PluginLogLine line)
    {
        if (line.Level == PluginLogLevel.Warning) Warned(line.Plugin, line.Text);
        else if (line.Level == PluginLogLevel.Information) Said(line.Plugin, line.Text);
        else Whispered(line.Plugin, line.Text);
    }

    [LoggerMessage(LogLevel.Warning, "Plugin {Plugin} says: {Text}")]
    private partial void Warned(string plugin, string text);

    [LoggerMessage(LogLevel.Information, "Plugin {Plugin} says: {Text}")]
    private partial void Said(string plugin, string text);

    [LoggerMessage(LogLevel.Debug, "Plugin {Plugin} says: {Text}")]
    private partial void Whispered(string plugin, string text);
}
