using System.ComponentModel.DataAnnotations;
using InferMesh.ServiceDefaults.Security;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>Section <c>InferMesh:Cluster:Tls</c>: mutual TLS between silos, and between the API and silos. All processes of a cluster have it, or none.</summary>
public sealed class ClusterTlsSettings : IValidatableObject
{
    /// <summary>Path of the section.</summary>
    public const string Section = "InferMesh:Cluster:Tls";

    /// <summary>Whether connections of the cluster are TLS; plaintext is refused then. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>PEM file of this process's certificate, followed by its chain; watched.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file of its private key without a password; watched.</summary>
    public string KeyPath { get; set; } = "";

    /// <summary>PEM file of the authorities that peers are trusted by; those of the machine are not. Watched.</summary>
    public string CaPath { get; set; } = "";

    /// <summary>File of certificates that are trusted no more: a serial number or SPIFFE id a line; watched. Default: none.</summary>
    public string RevokedPath { get; set; } = "";

    /// <summary>SPIFFE ids of silos, <c>*</c> for a segment: who may connect as a silo, and be connected to.</summary>
    public IList<string> SiloIds { get; init; } = [];

    /// <summary>SPIFFE ids of clients that may connect to a silo's gateway, beside silos. The API does not read it.</summary>
    public IList<string> ClientIds { get; init; } = [];

    internal CertificateFiles Files => new(
        new($"{Section}:{nameof(CertificatePath)}", CertificatePath),
        new($"{Section}:{nameof(KeyPath)}", KeyPath),
        new($"{Section}:{nameof(CaPath)}", CaPath),
        RevokedPath.Length == 0 ? null : new($"{Section}:{nameof(RevokedPath)}", RevokedPath));

    /// <summary>Rules for silos.</summary>
    internal PeerRules Silos => PeerRules.Named(SiloIds);

    /// <summary>Rules for whoever connects to a gateway.</summary>
    internal PeerRules GatewayPeers => PeerRules.Named([.. ClientIds, .. SiloIds]);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, ids) in new[] { (nameof(SiloIds), SiloIds), (nameof(ClientIds), ClientIds) })
        {
            for (var i = 0; i < ids.Count; i++)
            {
                if (!SpiffePattern.TryParse(ids[i], out _))
                    yield return new ValidationResult($"\"{ids[i]}\" must be a SPIFFE id such as spiffe://mesh.example/ns/*/sa/silo", [$"{name}:{i}"]);
            }
        }

        if (!Enabled)
            yield break;
        if (SiloIds.Count == 0)
            yield return new ValidationResult("must name at least one id, such as spiffe://mesh.example/ns/*/sa/silo: Enabled is true", [nameof(SiloIds)]);
        foreach (var (name, path, needed) in new[]
        {
            (nameof(CertificatePath), CertificatePath, true), (nameof(KeyPath), KeyPath, true), (nameof(CaPath), CaPath, true), (nameof(RevokedPath), RevokedPath, false),
        })
        {
            if ((needed || path.Length > 0) && !File.Exists(path))
                yield return new ValidationResult($"\"{path}\" must be a file: Enabled is true", [name]);
        }
    }
}
