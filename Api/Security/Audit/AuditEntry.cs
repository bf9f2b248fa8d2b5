using System.Globalization;
using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Api.Security.Audit;

/// <summary>One call as the audit keeps it: who, what, about what, and what became of it. Never what was in it.</summary>
/// <param name="Actor">Who; "" for nobody.</param>
/// <param name="Kind">How it has shown who it is.</param>
/// <param name="Tenant">Tenant of the caller; "" for the mesh.</param>
/// <param name="Call">Method and route, or the gRPC method.</param>
/// <param name="Subject">What it was about; "" when unknown.</param>
/// <param name="Status">Status, as HTTP has it.</param>
/// <param name="Reason">Why it was refused; "" when it was not, or nobody said.</param>
/// <param name="Remote">Address of the caller.</param>
/// <param name="TraceId">Id of its trace; "" when there is none.</param>
internal sealed record AuditEntry(string Actor, string Kind, string Tenant, string Call, string Subject, int Status, string Reason, string Remote, string TraceId)
{
    /// <summary>The entry as an event.</summary>
    /// <param name="type">Type.</param>
    /// <param name="times">Calls that it stands for.</param>
    public MeshEvent ToEvent(string type, long times = 1)
    {
        var data = new Dictionary<string, string>
        {
            ["call"] = Call,
            ["kind"] = Kind,
            ["status"] = Status.ToString(CultureInfo.InvariantCulture),
            ["remote"] = Remote,
        };
        if (TraceId.Length > 0) data["trace"] = TraceId;
        if (times > 1) data["times"] = times.ToString(CultureInfo.InvariantCulture);
        return new() { Type = type, Subject = Subject.Length > 0 ? Subject : Call, Actor = Actor, Tenant = Tenant, Reason = Reason, Data = data };
    }
}
