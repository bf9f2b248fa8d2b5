using System.Text.Json;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>What sets one kind of runtime apart from another: its paths, its metric names, its operations.</summary>
internal sealed record RuntimeDialect
{
    public required string Kind { get; init; }

    /// <summary>Path whose 2xx says that the runtime serves; null takes the first document for it.</summary>
    public string? Health { get; init; }

    /// <summary>What the health path's JSON says, for a runtime that answers 2xx when it is not well; null where the status is enough.</summary>
    public Func<JsonElement, bool>? HealthyWhen { get; init; }

    /// <summary>Status of the health path that says that models are still being loaded; null where no status says so.</summary>
    public int? LoadingStatus { get; init; }

    /// <summary>True where the runtime serves when, and only when, every listed model is loaded.</summary>
    public bool HealthyWhenLoaded { get; init; }

    /// <summary>What is asked at each read beside health and metrics.</summary>
    public IReadOnlyList<RuntimeDocument> Documents { get; init; } = [];

    /// <summary>Turns the documents into the list of models.</summary>
    public required Func<RuntimeDocuments, RuntimeInventory> Inventory { get; init; }

    /// <summary>What is asked about each listed model, and how it adds to the entry; null where the list says it all.</summary>
    public RuntimeDescription? Describe { get; init; }

    /// <summary>Path of the metrics page; null where there is none.</summary>
    public string? MetricsPath { get; init; }

    /// <summary>Where the page's numbers are.</summary>
    public required RuntimeMetrics Metrics { get; init; }

    /// <summary>How each operation is asked for; several calls run one after the other until one fails.</summary>
    public IReadOnlyDictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>> Operations { get; init; } =
        new Dictionary<RuntimeOperation, Func<RuntimeCommand, IReadOnlyList<RuntimeCall>>>();

    /// <summary>Versions that may end a configured address.</summary>
    public IReadOnlyList<string> ApiSuffixes { get; init; } = ["/v1"];

    /// <summary>Port of the management API less that of the API, as the runtime has it by default.</summary>
    public int ManagementPortOffset { get; init; }

    /// <summary>Port of the metrics less that of the API, as the runtime has it by default.</summary>
    public int MetricsPortOffset { get; init; }
}

/// <summary>A document that describes each listed model.</summary>
/// <param name="Document">What to ask for a model.</param>
/// <param name="Read">The entry with what the document adds.</param>
internal sealed record RuntimeDescription(Func<ModelEntry, RuntimeDocument> Document, Func<ModelEntry, JsonElement, ModelEntry> Read);

/// <summary>One call of a control operation.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path with query; names in it are escaped.</param>
/// <param name="Json">Body; null sends none.</param>
/// <param name="Server">Which server takes it.</param>
internal sealed record RuntimeCall(HttpMethod Method, string Path, string? Json = null, RuntimeServer Server = RuntimeServer.Api)
{
    public static IReadOnlyList<RuntimeCall> Post(string path, object? body = null) => [new(HttpMethod.Post, path, body is null ? null : RuntimeJson.Write(body))];
}
