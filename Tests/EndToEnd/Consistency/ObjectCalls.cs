using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>Calls that concern versioned objects, over one protocol and one API.</summary>
internal abstract class ObjectCalls(string through)
{
    public const string Policies = "policies";
    public const string Tenants = "tenants";
    public const string ActorHeader = "x-infermesh-actor";

    /// <summary>A client gives up after this: longer than the mesh tries.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public string Through => through;

    /// <summary>Whether the protocol has this operation.</summary>
    public virtual bool Has(OperationKind kind) => true;

    /// <summary>Does it; the answer has outcome, version and content.</summary>
    /// <param name="operation">What to do; its key is <c>policies/NAME</c> or <c>tenants/NAME</c>.</param>
    public abstract Task<Operation> CallAsync(Operation operation);
}
