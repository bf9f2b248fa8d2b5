using System.Text.Json.Nodes;
using InferMesh.Adapters.Tls;

namespace InferMesh.Cli.Operator.Config;

/// <summary>A mesh under a name: where it is, and how to sign in there.</summary>
internal sealed record MeshContext
{
    /// <summary>Address of the REST API.</summary>
    public string? Api { get; init; }

    /// <summary>Key or token.</summary>
    public string? ApiKey { get; init; }

    /// <summary>File with the key or token.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>PEM file of the authorities to trust.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of the certificate to show.</summary>
    public string? CertFile { get; init; }

    /// <summary>PEM file of its private key.</summary>
    public string? KeyFile { get; init; }

    public ClientTlsFiles? Tls => CaFile is null && CertFile is null && KeyFile is null ? null : new(CaFile, CertFile, KeyFile);

    /// <summary>How it signs in, in words that hold no secret.</summary>
    public string SignIn => ApiKey is not null ? "key" : ApiKeyFile ?? (CertFile is not null ? "certificate" : "");

    public static MeshContext Of(JsonObject json)
    {
        var tls = json["tls"] as JsonObject;
        return new()
        {
            Api = Text(json, "api"),
            ApiKey = Text(json, "apiKey"),
            ApiKeyFile = Text(json, "apiKeyFile"),
            CaFile = Text(tls, "caFile"),
            CertFile = Text(tls, "certFile"),
            KeyFile = Text(tls, "keyFile"),
        };
    }

    /// <param name="secret">Stands for the key; null writes the key itself.</param>
    public JsonObject ToJson(string? secret = null)
    {
        var json = new JsonObject();
        Set(json, "api", Api);
        Set(json, "apiKey", ApiKey is null ? null : secret ?? ApiKey);
        Set(json, "apiKeyFile", ApiKeyFile);
        var tls = new JsonObject();
        Set(tls, "caFile", CaFile);
        Set(tls, "certFile", CertFile);
        Set(tls, "keyFile", KeyFile);
        if (tls.Count > 0)
            json["tls"] = tls;
        return json;
    }

    private static void Set(JsonObject json, string name, string? value)
    {
        if (value is not null)
            json[name] = value;
    }

    private static string? Text(JsonObject? json, string name) => json?[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}
