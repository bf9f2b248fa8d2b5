using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Keys;
using InferMesh.Grains.Abstractions.Security;
using InferMesh.Tests.Unit.Api.Fakes;

namespace InferMesh.Tests.Unit.Api.Security;

/// <summary>One key for each role in each scope. What the mesh has belongs to tenant acme, and its jobs to project chat.</summary>
internal sealed class AccessCallers
{
    /// <summary>The whole mesh, the owner's tenant, the owner's project, another project of the tenant, another tenant.</summary>
    public static readonly (char Mark, Scope Scope)[] Scopes = [('m', Scope.Mesh), ('t', new("acme", "")), ('p', new("acme", "chat")), ('o', new("acme", "search")), ('f', new("globex", ""))];

    private readonly Dictionary<(Role, char), string> _keys = [];

    public AccessCallers(FakeKeyRing ring)
    {
        foreach (var role in Enum.GetValues<Role>())
        {
            foreach (var (mark, scope) in Scopes) _keys[(role, mark)] = Add(ring, $"{role.Name()}-{mark}", role, scope);
        }
    }

    public string this[Role role, char scope] => _keys[(role, scope)];

    /// <summary>Puts a key into a ring and gives its text.</summary>
    public static string Add(FakeKeyRing ring, string name, Role role, Scope scope, Func<ApiKey, ApiKey>? change = null)
    {
        var prefix = ApiKeyText.NewPrefix();
        var text = ApiKeyText.New(prefix);
        var key = new ApiKey { Prefix = prefix, Name = name, Hash = ApiKeyText.Hash(text), Roles = [role.Name()], Tenant = scope.Tenant, Project = scope.Project };
        ring.Add(change is null ? key : change(key));
        return text;
    }
}
