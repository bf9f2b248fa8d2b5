using InferMesh.Adapters.Tls;

namespace InferMesh.Cli.Fleet;

/// <summary>Where a fleet reports to, and how it signs in there.</summary>
/// <param name="Targets">Addresses of the mesh's APIs.</param>
/// <param name="Interval">Time between the reports of a node.</param>
/// <param name="Credential">Key or token; null for none.</param>
/// <param name="Tls">Certificates; null trusts what this machine trusts and shows none.</param>
internal sealed record FleetReport(IReadOnlyList<Uri> Targets, TimeSpan Interval, Credential? Credential, ClientTlsFiles? Tls);
