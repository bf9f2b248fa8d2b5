using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;

namespace InferMesh.Cli.Operator.Config;

/// <summary>
/// The file with the contexts: <c>$INFERMESH_CONFIG</c>, else <c>infermesh/config.yaml</c> in <c>$XDG_CONFIG_HOME</c> or <c>~/.config</c>. It may hold keys: only its owner may read it, and one that others can
/// read is refused.
/// </summary>
internal sealed class ConfigFile
{
    public const string Variable = "INFERMESH_CONFIG";
    private const string Redacted = "***";
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private static readonly string[] TextFields = ["currentContext", "api", "apiKey", "apiKeyFile", "tls", "caFile", "certFile", "keyFile"];

    private ConfigFile(string path) => FilePath = path;

    /// <summary>Where it is, whether or not it is there.</summary>
    public string FilePath { get; }

    /// <summary>Name of the context that commands use; null for none.</summary>
    public string? Current { get; set; }

    public SortedDictionary<string, MeshContext> Contexts { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads it; one that is not there has no contexts.</summary>
    /// <exception cref="UsageException">It cannot be used.</exception>
    public static ConfigFile Read(Func<string, string?> variable)
    {
        var config = new ConfigFile(PathOf(variable));
        if (!File.Exists(config.FilePath))
            return config;
        config.CheckMode();
        try
        {
            using var reader = File.OpenText(config.FilePath);
            var documents = YamlJson.Read(reader, config.FilePath, TextFields);
            if (documents is [{ Node: JsonObject root }])
                config.Take(root);
            else if (documents.Count > 1 || documents is [{ Node: not null }])
                throw new UsageException($"{config.FilePath} must hold one map with currentContext and contexts");
            return config;
        }
        catch (YamlException exception)
        {
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{config.FilePath}:{exception.Start.Line}:{exception.Start.Column}: {exception.Message}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"cannot read '{config.FilePath}': {exception.Message}");
        }
    }

    /// <summary>The context of a name.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public MeshContext Get(string name) => Contexts.TryGetValue(name, out var context) ? context
        : throw new UsageException(Contexts.Count == 0
            ? $"there is no context '{name}': infermesh config set-context {name} --api ADDRESS makes it"
            : $"there is no context '{name}', only {string.Join(", ", Contexts.Keys)}");

    /// <summary>Writes it, readable by its owner alone.</summary>
    /// <exception cref="CommandFailedException">It cannot be written.</exception>
    public void Save()
    {
        try
        {
            var folder = Path.GetDirectoryName(Path.GetFullPath(FilePath))!;
            if (!Directory.Exists(folder))
                CreateFolder(folder);
            var temporary = $"{FilePath}.{Environment.ProcessId}.new";
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = Owner;
            using (var writer = new StreamWriter(temporary, options))
                writer.Write(YamlText.Of(ToJson(redacted: false)));
            File.Move(temporary, FilePath, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"cannot write '{FilePath}': {exception.Message}");
        }
    }

    /// <param name="redacted">Whether keys are replaced by stars.</param>
    public JsonElement ToJson(bool redacted)
    {
        var contexts = new JsonObject();
        foreach (var (name, context) in Contexts)
            contexts[name] = context.ToJson(redacted ? Redacted : null);
        var root = new JsonObject();
        if (Current is not null)
            root["currentContext"] = Current;
        root["contexts"] = contexts;
        return JsonSerializer.SerializeToElement(root);
    }

    private static string PathOf(Func<string, string?> variable) => variable(Variable) is { Length: > 0 } path ? path
        : Path.Combine(variable("XDG_CONFIG_HOME") is { Length: > 0 } folder ? folder : Path.Combine(variable("HOME") is { Length: > 0 } home ? home : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"), "infermesh", "config.yaml");

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
    }

    private void CheckMode()
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(FilePath) & Others) != 0)
            throw new UsageException($"{FilePath} can be read or written by others, and may hold keys: chmod 600 {FilePath}");
    }

    private void Take(JsonObject root)
    {
        Current = root["currentContext"] is JsonValue value && value.TryGetValue<string>(out var name) && name.Length > 0 ? name : null;
        if (root["contexts"] is not JsonObject contexts)
            return;
        foreach (var (key, context) in contexts)
            Contexts[key] = MeshContext.Of(context as JsonObject ?? throw new UsageException($"{FilePath}: the context '{key}' must be a map with api and how to sign in"));
    }
}
