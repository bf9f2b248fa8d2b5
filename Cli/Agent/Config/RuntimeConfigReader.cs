using System.Globalization;
using InferMesh.Adapters.Probing;
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
                node, path, errors, "kind", "endpoint", "advertise", "gpu", "pricePerHour", "interval", "timeout", "bearerTokenFile", "capacity");
            var runtime = One(section, interval, folder, errors);
            if (section.Has("endpoint") && !known.TryAdd(Address.Root(runtime.Endpoint), path))
                section.Error("endpoint", $"is that of {known[Address.Root(runtime.Endpoint)]} too; list each runtime once");
            runtimes.Add(runtime);
        }

        return runtimes;
    }

    private static RuntimeConfig One(ConfigSection section, TimeSpan interval, string folder, ConfigErrors errors)
    {
        var kind = section.Required("kind", RuntimeConfig.Vllm);
        if (kind.Length > 0 && kind != RuntimeConfig.Vllm)
            section.Error("kind", $"'{kind}' is not a kind of runtime; known kinds: {RuntimeConfig.Vllm}");
        section.Required("endpoint", "http://127.0.0.1:8000");
        var endpoint = AddressAt(section, "endpoint") ?? Nowhere;
        var gpu = section.Text("gpu") ?? "";
        if (gpu.Length > MaxGpuName)
            section.Error("gpu", $"must have at most {MaxGpuName} characters");
        return new RuntimeConfig
        {
            Kind = kind,
            Endpoint = endpoint,
            Advertise = AddressAt(section, "advertise") ?? endpoint,
            Gpu = gpu,
            PricePerHour = section.Number("pricePerHour", zeroAllowed: true),
            Interval = section.Duration("interval", interval, LeastInterval, Most),
            Timeout = section.Duration("timeout", TimeSpan.FromSeconds(2), LeastInterval, Most),
            BearerTokenFile = TokenFile(section, folder),
            Capacity = Capacity(section, errors),
        };
    }

    private static Uri? AddressAt(ConfigSection section, string key)
    {
        if (section.Text(key) is not { } text)
            return null;
        if (Address.TryParse(text, out var address, out var error))
            return address;
        section.Error(key, error);
        return null;
    }

    private static string? TokenFile(ConfigSection section, string folder)
    {
        if (section.Text("bearerTokenFile") is not { } name)
            return null;
        var file = System.IO.Path.Combine(folder, name);
        try
        {
            if (File.ReadAllText(file).Trim() is not { Length: > 0 } token)
                section.Error("bearerTokenFile", $"'{name}' is empty");
            else if (token.Any(c => c is <= ' ' or > '~'))
                section.Error("bearerTokenFile", $"'{name}' must hold one line of printable characters without blanks");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            section.Error("bearerTokenFile", $"'{name}' cannot be read: {exception.Message.ReplaceLineEndings(" ")}");
        }

        return file;
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
