using System.Text.Json;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>A JSON document that a runtime serves about itself.</summary>
/// <param name="Name">Key by which the inventory asks for it.</param>
/// <param name="Paths">Its path, newest first where a version moved it.</param>
internal sealed record RuntimeDocument(string Name, params string[] Paths)
{
    /// <summary>True when it does not change while the process lives, so that one answer is enough.</summary>
    public bool Once { get; init; }

    /// <summary>True when a failure is nothing to report.</summary>
    public bool Optional { get; init; }

    public HttpMethod Method { get; init; } = HttpMethod.Get;

    public string? Json { get; init; }

    public RuntimeServer Server { get; init; } = RuntimeServer.Api;
}

/// <summary>Fetches one document, and remembers which path of several the runtime has.</summary>
internal sealed class RuntimeDocumentSource(RuntimeDocument document, RuntimeHttp http, RuntimeEndpoints endpoints)
{
    private const int MaxBytes = 1 << 20;

    private int _path;
    private RuntimeResponse? _kept;

    public RuntimeDocument Document => document;

    public string What => $"{document.Method} {endpoints.At(document.Server, document.Paths[Volatile.Read(ref _path)]).AbsolutePath}";

    public async Task<RuntimeResponse> GetAsync(CancellationToken timeout, CancellationToken caller)
    {
        if (Volatile.Read(ref _kept) is { } kept)
            return kept;
        var response = await AskAsync(timeout, caller);
        // A server that says 404 will say it again; one that fails may recover.
        if (document.Once && response.Status is not 0 and < 500)
            Volatile.Write(ref _kept, response);
        return response;
    }

    /// <summary>What was kept may be of a process that is gone.</summary>
    public void Forget() => Volatile.Write(ref _kept, null);

    private async Task<RuntimeResponse> AskAsync(CancellationToken timeout, CancellationToken caller)
    {
        var first = Volatile.Read(ref _path);
        RuntimeResponse? failed = null;
        for (var tried = 0; tried < document.Paths.Length; tried++)
        {
            var path = (first + tried) % document.Paths.Length;
            var request = new RuntimeRequest(endpoints.At(document.Server, document.Paths[path]), document.Method, document.Json, MaxBytes);
            var response = await http.SendAsync(request, timeout, caller);
            if (response.Status is not (404 or 405))
            {
                Volatile.Write(ref _path, path);
                return response;
            }
            failed ??= response;
        }
        return failed!;
    }
}

/// <summary>The documents of one read, by name.</summary>
internal sealed class RuntimeDocuments(IReadOnlyDictionary<string, (string What, byte[] Body)> bodies, List<string> errors)
{
    /// <summary>Reads one document; null when it did not arrive whole or is not what it should be, which is then among the errors.</summary>
    /// <param name="name">Name of the document.</param>
    /// <param name="read">Reads the root; null means that it is not what it should be.</param>
    /// <param name="fault">What is missing when the reader gives null; null makes that no error.</param>
    public T? Read<T>(string name, Func<JsonElement, T?> read, string? fault = null)
        where T : class
    {
        if (!bodies.TryGetValue(name, out var document))
            return null;
        var value = RuntimeJson.Read(document.Body, document.What, read, out var error);
        if (fault is not null && (error ?? (value is null ? $"{document.What}: {fault}" : null)) is { } message)
            errors.Add(message);
        return value;
    }
}
