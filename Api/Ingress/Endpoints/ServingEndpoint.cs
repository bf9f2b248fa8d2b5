using System.IO.Hashing;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Api.Security.Access;
using InferMesh.Grains.Abstractions.Endpoints;

namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>A model behind an endpoint, ready to be put into requests.</summary>
/// <param name="Model">Model.</param>
/// <param name="Weight">Its share is this over the sum of all.</param>
internal sealed record EndpointArm(string Model, int Weight)
{
    /// <summary>The name as a JSON string, quotes included.</summary>
    public byte[] Json { get; } = JsonSerializer.SerializeToUtf8Bytes(Model, Verbatim);

    /// <summary>The name as it may stand in a header.</summary>
    public string Header { get; } = HeaderRules.IsLegal(Model) ? Model : Uri.EscapeDataString(Model);

    /// <summary>Tells the arms apart where a conversation is given to one of them.</summary>
    public ulong Hash { get; } = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(Model));

    // A body is no web page: names stay readable.
    private static JsonSerializerOptions Verbatim { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

/// <summary>An endpoint as requests meet it. Immutable.</summary>
internal sealed class ServingEndpoint(MeshEndpoint stored)
{
    private readonly byte[][] _keys = [.. (stored.Spec.Auth?.Keys ?? []).Select(Convert.FromHexString)];

    public string Name => stored.Name;

    public long Version => stored.Version;

    public EndpointSpec Spec => stored.Spec;

    public EndpointArm[] Arms { get; } = [.. stored.Spec.Models.Select(m => new EndpointArm(m.Model, m.Weight))];

    /// <summary>SHA-256 of the keys that open it; empty when it needs none.</summary>
    public ReadOnlySpan<byte[]> Keys => _keys;

    /// <summary>Whether callers of a scope must not learn that it is there: it serves other tenants only.</summary>
    public bool IsHiddenFrom(Scope scope) => !scope.IsMesh && Spec.Auth is { AllowedTenants: { Count: > 0 } allowed } && !allowed.Contains(scope.Tenant);

    /// <summary>Names that clients may use.</summary>
    public IEnumerable<string> Names => stored.AllNames();
}
