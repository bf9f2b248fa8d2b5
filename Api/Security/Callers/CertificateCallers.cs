using InferMesh.Api.Http;
using InferMesh.Api.Options;
using InferMesh.Api.Security.Access;
using InferMesh.ServiceDefaults.Security;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Security.Callers;

/// <summary>Callers by the SPIFFE id of their certificate, which the server has validated before.</summary>
internal sealed class CertificateCallers(IOptionsMonitor<SecuritySettings> settings)
{
    /// <summary>The caller; null when there is no certificate, or no rule for it.</summary>
    public Caller? Find(HttpContext context) =>
        context.Connection.ClientCertificate is { } certificate && SpiffeId.Of(certificate) is { } id ? Find(id, new DateTimeOffset(certificate.NotAfter)) : null;

    /// <summary>The caller of an id; null when no rule is for it.</summary>
    /// <param name="id">Id.</param>
    /// <param name="endsAt">When the certificate ends; null when nobody knows.</param>
    public Caller? Find(SpiffeId id, DateTimeOffset? endsAt = null)
    {
        if (Match(id) is not { } found) return null;
        return new(id.ToString(), CallerKind.Certificate, found.Roles, found.Scope)
        {
            NodeId = found.Node,
            EndsAt = endsAt,
            IsGood = () => Match(id) is { } now && now.Scope == found.Scope && now.Node == found.Node && now.Roles.SequenceEqual(found.Roles),
        };
    }

    private (Role[] Roles, Scope Scope, string Node)? Match(SpiffeId id)
    {
        foreach (var rule in settings.CurrentValue.Certificates)
        {
            if (SpiffePattern.TryParse(rule.Id, out var pattern, CertificateSettings.Segments) && pattern.Match(id) is { } named) return Of(rule, named);
        }
        return null;
    }

    private static (Role[] Roles, Scope Scope, string Node)? Of(CertificateSettings rule, IReadOnlyDictionary<string, string> named)
    {
        var (tenant, project, node) = (named.GetValueOrDefault("tenant", rule.Tenant), named.GetValueOrDefault("project", rule.Project), named.GetValueOrDefault("node", ""));
        // A segment that is no name of ours would be one that nobody else has, such as "_".
        if (new[] { tenant, project, node }.Any(name => name.Length > 0 && !Names.IsValid(name))) return null;
        return ([.. rule.Roles.Select(r => Roles.TryParse(r, out var role) ? role : null).OfType<Role>()], new(tenant, project), node);
    }
}
