using System.Globalization;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Grains.Jobs;

/// <summary>What the mesh's event log hears of a job. Pure.</summary>
internal static class JobNews
{
    /// <summary>What follows from one event of the job's own log: mostly one event of the mesh, none from a mere sign of progress.</summary>
    public static IEnumerable<MeshEvent> Of(MeshJob? before, MeshJob after, StoredJobEvent stored)
    {
        var happened = stored.Event;
        if (before is null)
        {
            yield return Make(EventTypes.JobSubmitted, ("name", after.Spec.Name), ("tenant", after.Spec.Tenant));
            yield break;
        }
        if (before.State != after.State)
            yield return Make(EventTypes.JobStateChanged, ("from", Name(before.State)), ("to", Name(after.State)), ("reason", happened.Reason), ("name", after.Spec.Name));
        else if (happened.Kind is not ("checkpoint" or "admitted"))
            yield return Make(EventTypes.JobChanged, [("kind", happened.Kind), ("name", after.Spec.Name), .. happened.Data.Select(static d => (d.Key, d.Value))]);
        if (stored.Delta.Placement is { } placement && happened.Kind == "admitted")
        {
            yield return Make(
                EventTypes.JobPlaced,
                ("fence", placement.Fence.ToString(CultureInfo.InvariantCulture)), ("nodes", string.Join(",", placement.Groups.Select(static g => g.Node))), ("strategy", placement.Strategy));
        }

        MeshEvent Make(string type, params (string Key, string Value)[] data) => new()
        {
            Type = type,
            Subject = after.Id,
            Actor = happened.Actor,
            Reason = happened.Reason,
            Tenant = after.Spec.Tenant,
            VersionBefore = before?.Version ?? 0,
            VersionAfter = after.Version,
            Data = new Dictionary<string, string>(data.Select(static d => KeyValuePair.Create(d.Key, d.Value)).DistinctBy(static d => d.Key)),
        };
    }

    private static string Name(JobState state) => state.ToString().ToLowerInvariant();
}
