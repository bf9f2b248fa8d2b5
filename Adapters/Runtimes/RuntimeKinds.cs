using InferMesh.Adapters.Runtimes.Http;
using InferMesh.Adapters.Runtimes.LlamaCpp;
using InferMesh.Adapters.Runtimes.OpenAi;
using InferMesh.Adapters.Runtimes.Ovms;
using InferMesh.Adapters.Runtimes.Sglang;
using InferMesh.Adapters.Runtimes.TfServing;
using InferMesh.Adapters.Runtimes.Tgi;
using InferMesh.Adapters.Runtimes.TorchServe;
using InferMesh.Adapters.Runtimes.Triton;
using InferMesh.Adapters.Runtimes.Vllm;

namespace InferMesh.Adapters.Runtimes;

/// <summary>The kinds of runtime that there are adapters for: the only place an adapter is registered.</summary>
public static class RuntimeKinds
{
    /// <summary>vLLM, the kind where none is named.</summary>
    public const string Vllm = "vllm";

    /// <summary>TensorFlow Serving, the only kind that has to be told its models.</summary>
    public const string TfServing = "tfserving";

    private static readonly Dictionary<string, Func<RuntimeProbeOptions, RuntimeDialect>> Dialects = new(StringComparer.Ordinal)
    {
        [Vllm] = VllmDialect.Create,
        ["sglang"] = SglangDialect.Create,
        ["triton"] = TritonDialect.Create,
        ["tgi"] = TgiDialect.Create,
        ["torchserve"] = TorchServeDialect.Create,
        [TfServing] = TfServingDialect.Create,
        ["ovms"] = OvmsDialect.Create,
        ["llamacpp"] = LlamaCppDialect.Create,
        ["openai"] = OpenAiDialect.Create,
    };

    /// <summary>Every kind, in the order in which messages list them.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Dialects.Keys];

    /// <summary>Whether there is an adapter for this kind. Case matters.</summary>
    /// <param name="kind">Name of a kind, for example <c>vllm</c>.</param>
    public static bool IsKnown(string kind) => Dialects.ContainsKey(kind);

    /// <summary>Makes a probe; nothing is requested before its first read.</summary>
    /// <param name="kind">One of <see cref="All"/>.</param>
    /// <param name="client">Client for all requests; shared, not disposed here. Its own timeout still applies.</param>
    /// <param name="options">Where the runtime is.</param>
    /// <param name="time">Clock of the windows, the timeout and the readings.</param>
    /// <exception cref="ArgumentException">The kind is not known, or the options are not usable.</exception>
    public static IRuntimeProbe CreateProbe(string kind, HttpClient client, RuntimeProbeOptions options, TimeProvider time)
    {
        var dialect = Dialect(kind, client, options, time);
        return new HttpRuntimeProbe(dialect, new RuntimeHttp(client, options.BearerToken), RuntimeEndpoints.Of(options, dialect), options, time);
    }

    /// <summary>Makes the control of a runtime's models; nothing is requested before its first command.</summary>
    /// <param name="kind">One of <see cref="All"/>.</param>
    /// <param name="client">Client for all requests; shared, not disposed here. Its own timeout still applies.</param>
    /// <param name="options">Where the runtime is.</param>
    /// <param name="time">Clock of the timeout.</param>
    /// <exception cref="ArgumentException">The kind is not known, or the options are not usable.</exception>
    public static IRuntimeControl CreateControl(string kind, HttpClient client, RuntimeProbeOptions options, TimeProvider time)
    {
        var dialect = Dialect(kind, client, options, time);
        return new HttpRuntimeControl(dialect, new RuntimeHttp(client, options.BearerToken), RuntimeEndpoints.Of(options, dialect), options.ControlTimeout, time);
    }

    private static RuntimeDialect Dialect(string kind, HttpClient client, RuntimeProbeOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (!Dialects.TryGetValue(kind, out var create))
            throw new ArgumentException($"'{kind}' is not a kind of runtime; known kinds: {string.Join(", ", All)}", nameof(kind));
        foreach (var timeout in new[] { options.Timeout, options.ControlTimeout })
        {
            if (timeout <= TimeSpan.Zero)
                throw new ArgumentException($"the timeout is {timeout}; it must be above zero", nameof(options));
        }
        if (options.MaxPageBytes <= 0)
            throw new ArgumentException($"the page limit is {options.MaxPageBytes} bytes; it must be above 0", nameof(options));
        return create(options);
    }
}
