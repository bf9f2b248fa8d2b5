using System.Globalization;
using InferMesh.Adapters.Probing;
using InferMesh.Adapters.Runtimes;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Reads <c>runtimes</c>.</summary>
internal static class RuntimeConfigReader
{
    private const int MaxGpuName = 128;
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(1);
    private static readonly Uri Nowhere = new("http://127.0.0.1");

    public static IReadOnlyList<RuntimeConfig> Read(ConfigSection root, TimeSpan interval, string folder, ConfigErrors errors)
    {
        var runtimes = new List<RuntimeConfig>();
        var known = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var node in root.Items("runtimes"))
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"runtimes[{runtimes.Count}]");
            var section = ConfigSection.Open(
                node, path, errors, "kind", "endpoint", "metricsEndpoint", "managementEndpoint", "models", "advertise", "gpu", "pricePerHour", "interval", "timeout", "bearerTokenFile", "tls", "capacity", "control");
            var runtime = One(section, interval, folder, errors);
            if (section.Has("endpoint") && !known.TryAdd(Address.Root(runtime.Endpoint), path))
                section.Error("endpoint", $"is that of {known[Address.Root(runtime.Endpoint)]} too; list each runtime once");
            runtimes.Add(runtime);
        }

        return runtimes;
    }

    private static RuntimeConfig One(ConfigSection section, TimeSpan interval, string folder, ConfigErrors errors)
    {
        var kind = section.Required("kind", RuntimeKinds.Vllm);
        if (kind.Length > 0 && !RuntimeKinds.IsKnown(kind))
            section.Error("kind", $"'{kind}' is not a kind of runtime; known kinds: {string.Join(", ", RuntimeKinds.All)}");
        section.Required("endpoint", "http://127.0.0.1:8000");
        var endpoint = AddressAt(section, "endpoint") ?? Nowhere;
        var (metrics, management) = (AddressAt(section, "metricsEndpoint"), AddressAt(section, "managementEndpoint"));
        var gpu = section.Text("gpu") ?? "";
        if (gpu.Length > MaxGpuName)
            section.Error("gpu", $"must have at most {MaxGpuName} characters");
        return new RuntimeConfig
        {
            Kind = kind,
            Endpoint = endpoint,
            MetricsEndpoint = metrics,
            ManagementEndpoint = management,
            Models = Models(section, kind, errors),
            Advertise = AddressAt(section, "advertise", mayBeH2c: true) ?? endpoint,
            Gpu = gpu,
            PricePerHour = section.Number("pricePerHour", zeroAllowed: true),
            Interval = section.Duration("interval", interval, LeastInterval, Most),
            Timeout = section.Duration("timeout", TimeSpan.FromSeconds(2), LeastInterval, Most),
            BearerTokenFile = TokenFile(section, folder),
            Tls = TlsConfigReader.Read(section, folder, errors, new[] { endpoint, metrics, management }.Any(TlsConfigReader.IsHttps)),
            Capacity = Capacity(section, errors),
            Control = section.Flag("control"),
        };
    }

    private static List<string> Models(ConfigSection section, string kind, ConfigErrors errors)
    {
        var models = new List<string>();
        foreach (var item in section.Items("models"))
        {
            if (item is YamlScalarNode { Value: { Length: > 0 } model })
                models.Add(model);
            else
                errors.Add(item, section.Path("models"), "must be a list of names");
        }
        if (kind == RuntimeKinds.TfServing && models.Count == 0)
            section.Error("models", $"must name at least one model for {RuntimeKinds.TfServing}, which has no list of them");
        return models;
    }

    internal static Uri? AddressAt(ConfigSection section, string key, bool mayBeH2c = false)
    {
        if (section.Text(key) is not { } text)
            return null;
        if (Address.TryParse(text, out var address, out var error, mayBeH2c))
            return address;
        section.Error(key, error);
        return null;
    }

    internal static string? TokenFile(ConfigSection section, string folder)
    {
        if (section.Text("bearerTokenFile") is not { } name)
            return null;
        Secret(section, "bearerTokenFile", folder);
        return System.IO.Path.Combine(folder, name);
    }

    /// <summary>The one line of a file; null when there is no such key, or with an error when there is no such line.</summary>
    internal static string? Secret(ConfigSection section, string key, string folder)
    {
        if (section.Text(key) is not { } name)
            return null;
        try
        {
            if (File.ReadAllText(System.IO.Path.Combine(folder, name)).Trim() is not { Length: > 0 } secret)
                section.Error(key, $"'{name}' is empty");
            else if (secret.Any(c => c is <= ' ' or > '~'))
                section.Error(key, $"'{name}' must hold one line of printable characters without blanks");
            else
                return secret;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            section.Error(key, $"'{name}' cannot be read: {exception.Message.ReplaceLineEndings(" ")}");
        }

        return null;
    }

    private static RuntimeCapacity Capacity(ConfigSection runtime, ConfigErrors errors)
    {
        YamlNode? node = runtime.Node("capacity");
        var section = ConfigSection.Open(
            node, runtime.Path("capacity"), errors, "maxConcurrency", "prefillTokensPerSecond", "decodeTokensPerSecond", "minSecondsPerToken");
        return new RuntimeCapacity
        {
            MaxConcurrency = section.Number("maxConcurrency", zeroAllowed: false),
            PrefillTokensPerSecond = section.Number("prefillTokensPerSecond", zeroAllowed: false),
            DecodeTokensPerSecond = section.Number("decodeTokensPerSecond", zeroAllowed: false),
            MinSecondsPerToken = section.Number("minSecondsPerToken", zeroAllowed: false),
        };
    }
}
