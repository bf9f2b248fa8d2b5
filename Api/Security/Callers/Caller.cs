using System.Collections.Frozen;
using System.Security.Claims;
using System.Security.Principal;
using InferMesh.Api.Security.Access;

namespace InferMesh.Api.Security.Callers;

/// <summary>How a caller has shown who it is.</summary>
internal enum CallerKind
{
    /// <summary>Not at all.</summary>
    Nobody,

    /// <summary>It is on this machine, and the API is in Development mode.</summary>
    Development,

    /// <summary>By a key of the settings for admins.</summary>
    AdminKey,

    /// <summary>By a key of the settings for who only reads.</summary>
    ViewerKey,

    /// <summary>By a key of the settings for agents.</summary>
    AgentKey,

    /// <summary>By a key that the mesh made.</summary>
    ApiKey,

    /// <summary>By a token of an identity provider.</summary>
    Token,

    /// <summary>By a client certificate.</summary>
    Certificate,
}

/// <summary>Who calls. Immutable.</summary>
internal sealed class Caller
{
    private readonly FrozenSet<Permission> _permissions;

    public Caller(string name, CallerKind kind, IReadOnlyList<Role> roles, Scope scope)
    {
        (Name, Kind, Roles, Scope) = (name, kind, roles, scope);
        _permissions = Access.Roles.Within(roles, scope);
    }

    /// <summary>Said at the end of a call that stayed open for longer than its caller <see cref="Stands"/>.</summary>
    public const string Ended = "What this call was opened with has expired or was revoked: open it again with a key, token or certificate that is good.";

    /// <summary>A caller that has not shown who it is.</summary>
    public static Caller Nobody { get; } = new("", CallerKind.Nobody, [], Scope.Mesh);

    /// <summary>Name, for the audit; "" for nobody.</summary>
    public string Name { get; }

    public CallerKind Kind { get; }

    public IReadOnlyList<Role> Roles { get; }

    /// <summary>Whose things it may see.</summary>
    public Scope Scope { get; }

    /// <summary>The only node that it may report for; "" for any.</summary>
    public string NodeId { get; init; } = "";

    /// <summary>Id by which tenants' budgets know its key; "" when it showed none.</summary>
    public string KeyId { get; init; } = "";

    /// <summary>When what it has shown ends by itself; null for never.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>Whether what it has shown is still good, apart from its end: not revoked, and still in the settings.</summary>
    public Func<bool> IsGood { private get; init; } = static () => true;

    public bool IsKnown => Kind != CallerKind.Nobody;

    public IEnumerable<Permission> Permissions => IsKnown ? _permissions.Append(Permission.Identify).Distinct().Order() : [];

    /// <summary>Whether a new call of it would be let in. A call that stays open asks with every turn, so that it ends with what it was opened with.</summary>
    public bool Stands(DateTimeOffset now) => !(EndsAt <= now) && IsGood();

    public bool Has(Permission permission) => IsKnown && (permission == Permission.Identify || _permissions.Contains(permission));
}

/// <summary>A caller as ASP.NET Core carries it.</summary>
internal sealed class CallerPrincipal(Caller caller) : ClaimsPrincipal(new GenericIdentity(caller.Name, caller.Kind.ToString()))
{
    public Caller Caller => caller;
}

internal static class CallerExtensions
{
    /// <summary>Who calls; <see cref="Caller.Nobody"/> before it is known.</summary>
    public static Caller Caller(this HttpContext context) => (context.User as CallerPrincipal)?.Caller ?? Callers.Caller.Nobody;
}
