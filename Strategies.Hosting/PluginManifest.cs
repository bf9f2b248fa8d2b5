using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace InferMesh.Strategies.Hosting;

/// <summary>What a plugin decides.</summary>
[JsonConverter(typeof(WordConverter<PluginKind>))]
public enum PluginKind : byte
{
    /// <summary>Ranks the targets of requests.</summary>
    [JsonStringEnumMemberName("routing")]
    Routing = 0,

    /// <summary>Places training jobs.</summary>
    [JsonStringEnumMemberName("training")]
    Training,
}

/// <summary>What a plugin runs in.</summary>
[JsonConverter(typeof(WordConverter<PluginRuntime>))]
public enum PluginRuntime : byte
{
    /// <summary>A sandbox of WebAssembly.</summary>
    [JsonStringEnumMemberName("wasm")]
    Wasm = 0,

    /// <summary>The process itself: trusted code.</summary>
    [JsonStringEnumMemberName("dotnet")]
    DotNet,
}

/// <summary><c>plugin.json</c>: what a package is, and the hash of each file of it. The hash of this file alone therefore stands for the whole package.</summary>
public sealed partial record PluginManifest
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "plugin.json";

    /// <summary>Most bytes of the file.</summary>
    public const int MaxBytes = 256 << 10;

    /// <summary>Most files.</summary>
    public const int MaxFiles = 256;

    /// <summary>Most parameters.</summary>
    public const int MaxParameters = 64;

    /// <summary>Most characters of a description.</summary>
    public const int MaxDescription = 1000;

    /// <summary>Most characters of a unit.</summary>
    public const int MaxUnit = 64;

    /// <summary>Name that policies use: lower-case letters, digits and underscores, at most 64.</summary>
    public required string Name { get; init; }

    /// <summary>Version, such as 1.2.0 or 1.2.0-rc.1.</summary>
    public required string Version { get; init; }

    /// <summary>What it decides.</summary>
    public required PluginKind Kind { get; init; }

    /// <summary>What it runs in.</summary>
    public required PluginRuntime Runtime { get; init; }

    /// <summary>Module or assembly that is loaded.</summary>
    public required string Main { get; init; }

    /// <summary>SHA-256 of each file, 64 hexadecimal digits in lower case, by its path in the package; <see cref="Main"/> among them.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>What it does, in one sentence.</summary>
    public string Description { get; init => field = value ?? ""; } = "";

    /// <summary>What it can be tuned by, in the order in which a WASM plugin gets the values. Of a .NET plugin, its code says so.</summary>
    public IReadOnlyList<StrategyParameter> Parameters { get; init => field = value ?? []; } = [];

    /// <summary>Reads a manifest; null with all that is wrong with it.</summary>
    public static PluginManifest? TryRead(ReadOnlySpan<byte> json, out IReadOnlyList<ParameterError> errors)
    {
        if (json.Length > MaxBytes)
        {
            errors = [new(FileName, $"Has more than {MaxBytes} bytes.")];
            return null;
        }
        try
        {
            var manifest = JsonSerializer.Deserialize(json, PluginJson.Default.PluginManifest);
            errors = manifest is null ? [new(FileName, "Is empty.")] : [.. manifest.Errors()];
            return errors.Count == 0 ? manifest : null;
        }
        catch (JsonException e)
        {
            errors = [new(FileName, e.Message)];
            return null;
        }
    }

    /// <summary>The manifest as JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, PluginJson.Default.PluginManifest);

    private IEnumerable<ParameterError> Errors()
    {
        if (Name is null || !NamePattern().IsMatch(Name)) yield return new("name", "Is not 1 to 64 lower-case letters, digits and underscores that begin with a letter.");
        if (Version is null || !VersionPattern().IsMatch(Version)) yield return new("version", "Is not a version such as 1.2.0 or 1.2.0-rc.1.");
        // A number that is no value of these would be neither the one nor the other for whoever asks for one of them.
        if (!Enum.IsDefined(Kind)) yield return new("kind", "Is not routing or training.");
        if (!Enum.IsDefined(Runtime)) yield return new("runtime", "Is not wasm or dotnet.");
        if (Description.Length > MaxDescription) yield return new("description", $"Has more than {MaxDescription} characters.");
        if (Main is null || Files is null)
        {
            yield return new("main", "Main or files are null.");
            yield break;
        }
        if (Files.Count > MaxFiles)
        {
            yield return new("files", $"Are more than {MaxFiles}.");
            yield break;
        }
        if (Parameters.Count > MaxParameters)
        {
            yield return new("parameters", $"Are more than {MaxParameters}.");
            yield break;
        }
        if (!Files.ContainsKey(Main)) yield return new("main", "Is not among the files.");
        foreach (var (path, hash) in Files)
        {
            if (!PathPattern().IsMatch(path) || path.Contains("..", StringComparison.Ordinal)) yield return new($"files.{path}", "Is not a path within the package.");
            if (hash is null || !HashPattern().IsMatch(hash)) yield return new($"files.{path}", "Is not a SHA-256 of 64 hexadecimal digits in lower case.");
        }
        foreach (var p in Parameters)
        {
            if (p?.Name is null || !NamePattern().IsMatch(p.Name))
            {
                yield return new("parameters", $"'{p?.Name}' is not a name.");
                continue;
            }
            if (p.Unit is null or { Length: > MaxUnit }) yield return new($"parameters.{p.Name}", $"Its unit is null, or has more than {MaxUnit} characters.");
            if (p.Description is null or { Length: > MaxDescription }) yield return new($"parameters.{p.Name}", $"Its description is null, or has more than {MaxDescription} characters.");
            if (!(p.Min <= p.Default && p.Default <= p.Max && double.IsFinite(p.Min) && double.IsFinite(p.Max))) yield return new($"parameters.{p.Name}", "Default and range do not agree.");
        }
        if (Parameters.DistinctBy(static p => p?.Name).Count() != Parameters.Count) yield return new("parameters", "Names stand twice.");
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,63}\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(-[0-9A-Za-z.-]{1,32})?\z")]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}\z")]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z")]
    private static partial Regex HashPattern();
}

/// <summary>Values by their words alone: a number may be no value at all.</summary>
internal sealed class WordConverter<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PluginManifest))]
internal sealed partial class PluginJson : JsonSerializerContext;
