using System.CommandLine;

namespace InferMesh.Cli.Operator.Objects;

/// <summary><c>infermesh policy</c>, <c>endpoint</c> and <c>tenant</c>.</summary>
internal static class ObjectCommands
{
    private static readonly string[] PolicyKinds = ["placement", "routing", "hedging", "slo", "quota", "security"];

    public static Command Policy() => new("policy", "Read and change policies: how requests are routed, hedged, placed and limited.")
    {
        ObjectCommand.List(ObjectKind.Policy, QueryOption.Text("--kind", "Only policies of this kind.", null, PolicyKinds)),
        ObjectCommand.Get(ObjectKind.Policy),
        ObjectCommand.Apply(ObjectKind.Policy),
        ObjectCommand.Diff(ObjectKind.Policy),
        ObjectCommand.History(ObjectKind.Policy),
        ObjectCommand.Rollback(ObjectKind.Policy),
        ObjectCommand.Delete(ObjectKind.Policy),
    };

    public static Command Endpoint() => new("endpoint", "Read and change endpoints: names under which models are called.")
    {
        ObjectCommand.List(ObjectKind.Endpoint),
        ObjectCommand.Get(ObjectKind.Endpoint),
        ObjectCommand.Apply(ObjectKind.Endpoint),
        ObjectCommand.Diff(ObjectKind.Endpoint),
        ObjectCommand.History(ObjectKind.Endpoint),
        ObjectCommand.Rollback(ObjectKind.Endpoint),
        ObjectCommand.Delete(ObjectKind.Endpoint),
    };

    public static Command Tenant() => new("tenant", "Read and change tenants: their limits, projects and prices.")
    {
        ObjectCommand.List(ObjectKind.Tenant),
        ObjectCommand.Get(ObjectKind.Tenant),
        ObjectCommand.Apply(ObjectKind.Tenant),
        ObjectCommand.Delete(ObjectKind.Tenant),
    };
}
