using System.Globalization;
using InferMesh.Adapters.Storage;
using InferMesh.Adapters.Storage.S3;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads <c>storage</c>.</summary>
internal static class StorageConfigReader
{
    private const string File = "file", S3 = "s3";
    private const string FromEnvironment = "environment", FromFiles = "files", Nobody = "none";
    private const int MaxName = 64;
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostTimeout = TimeSpan.FromMinutes(1);
    private static readonly Uri Nowhere = new("http://127.0.0.1");

    /// <summary>Keys that only one kind takes.</summary>
    private static readonly (string Kind, string[] Keys)[] KeysOfKind =
    [
        (File, ["folder", "direct"]), (S3, ["endpoint", "region", "bucket", "key", "credentials", "accessKeyFile", "secretKeyFile", "sessionTokenFile", "tls"]),
    ];

    /// <param name="root">The whole file.</param>
    /// <param name="folder">Folder that paths are relative to.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="environment">Variables of the process.</param>
    public static IReadOnlyList<StorageConfig> Read(ConfigSection root, string folder, ConfigErrors errors, Func<string, string?> environment)
    {
        var storages = new List<StorageConfig>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in root.Items("storage"))
        {
            var section = ConfigSection.Open(
                node, string.Create(CultureInfo.InvariantCulture, $"storage[{storages.Count}]"), errors, ["name", "kind", "bytes", "timeout", .. KeysOfKind.SelectMany(entry => entry.Keys)]);
            var name = section.Required("name", "scratch");
            if (name.Length > MaxName || name.Any(char.IsControl))
                section.Error("name", $"must have at most {MaxName} characters and no control characters");
            else if (name.Length > 0 && !names.Add(name))
                section.Error("name", $"'{name}' is the name of another storage too");
            storages.Add(One(section, name, folder, errors, environment));
        }

        return storages;
    }

    private static StorageConfig One(ConfigSection section, string name, string folder, ConfigErrors errors, Func<string, string?> environment)
    {
        var kind = section.Required("kind", File);
        foreach (var (other, keys) in KeysOfKind)
        {
            foreach (var key in keys.Where(key => other != kind && kind is File or S3 && section.Has(key)))
                section.Error(key, $"is for kind: {other} only; remove it");
        }

        var timeout = section.Duration("timeout", TimeSpan.FromSeconds(10), LeastTimeout, MostTimeout);
        switch (kind)
        {
            case File:
                return new(OfFolder(section, name, folder, timeout), null, null);
            case S3:
                var endpoint = EndpointOf(section);
                return new(null, OfObject(section, name, endpoint, timeout, folder, environment), TlsConfigReader.Read(section, folder, errors, TlsConfigReader.IsHttps(endpoint)));
            default:
                if (kind.Length > 0)
                    section.Error("kind", $"'{kind}' is not a kind of storage; known kinds: {File}, {S3}");
                return new(null, null, null);
        }
    }

    private static FileStorageOptions OfFolder(ConfigSection section, string name, string folder, TimeSpan timeout)
    {
        var text = section.Required("folder", "/scratch");
        var path = Path.GetFullPath(Path.Combine(folder, text));
        if (text.Length > 0 && !Directory.Exists(path))
            section.Error("folder", $"'{text}' is not a folder");
        return new FileStorageOptions
        {
            Name = name,
            Folder = path,
            Bytes = section.Whole("bytes", 8 << 20, (int)FileStorageOptions.LeastBytes, (int)FileStorageOptions.MostBytes),
            Timeout = timeout,
            Direct = !section.Has("direct") || section.Flag("direct"),
        };
    }

    private static S3StorageOptions OfObject(ConfigSection section, string name, Uri endpoint, TimeSpan timeout, string folder, Func<string, string?> environment)
    {
        var (bucket, key) = (section.Required("bucket", "models"), section.Required("key", "llama/config.json"));
        if (bucket.Contains('/', StringComparison.Ordinal) || bucket is "." or "..")
            section.Error("bucket", $"'{bucket}' must be one name without slashes");
        if (key.Split('/').Any(segment => segment is "." or ".."))
            section.Error("key", $"'{key}' must not have segments of dots");
        var options = new S3StorageOptions
        {
            Name = name,
            Endpoint = endpoint,
            Bucket = bucket,
            Key = key,
            Keys = Keys(section, folder, environment),
            Bytes = section.Whole("bytes", 1 << 20, 1, (int)S3StorageOptions.MostBytes),
            Timeout = timeout,
        };
        return section.Text("region") is { Length: > 0 } region ? options with { Region = region } : options;
    }

    private static Uri EndpointOf(ConfigSection section)
    {
        section.Required("endpoint", "https://s3.eu-north-1.amazonaws.com");
        if (RuntimeConfigReader.AddressAt(section, "endpoint") is not { } endpoint)
            return Nowhere;
        if (endpoint.AbsolutePath != "/")
            section.Error("endpoint", $"'{endpoint}' must not have a path: bucket and key have keys of their own");
        return endpoint;
    }

    private static S3Keys? Keys(ConfigSection section, string folder, Func<string, string?> environment)
    {
        string[] files = ["accessKeyFile", "secretKeyFile", "sessionTokenFile"];
        var source = section.Text("credentials") ?? (files.Any(section.Has) ? FromFiles : Nobody);
        if (source is not (FromEnvironment or FromFiles or Nobody))
            section.Error("credentials", $"'{source}' must be {Nobody}, {FromEnvironment} or {FromFiles}");
        foreach (var file in files.Where(file => source != FromFiles && section.Has(file)))
            section.Error(file, $"is for credentials: {FromFiles} only; remove it");
        switch (source)
        {
            case FromEnvironment:
                var (id, secret) = (environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"));
                if (string.IsNullOrEmpty(id) || string.IsNullOrEmpty(secret))
                    section.Error("credentials", "the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
                return new S3Keys(id ?? "", secret ?? "", environment("AWS_SESSION_TOKEN") is { Length: > 0 } token ? token : null);
            case FromFiles:
                section.Required("accessKeyFile", "s3.id");
                section.Required("secretKeyFile", "s3.secret");
                return new S3Keys(
                    RuntimeConfigReader.Secret(section, "accessKeyFile", folder) ?? "",
                    RuntimeConfigReader.Secret(section, "secretKeyFile", folder) ?? "",
                    RuntimeConfigReader.Secret(section, "sessionTokenFile", folder));
            default:
                return null;
        }
    }
}
