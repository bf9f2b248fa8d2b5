using System.Text.Json;
using InferMesh.Api.Calls;

namespace InferMesh.Api.Endpoints.Objects;

/// <summary>A manifest, its kind, and how it differs from what is there.</summary>
internal sealed record PlannedObject(int Index, IObjectKind Kind, Manifest Manifest, Draft Draft)
{
    public string Name => Manifest.Metadata!.Name!;

    /// <summary>What would become of it.</summary>
    public ObjectAction Action => Draft.IsSame ? ObjectAction.Unchanged
        : Draft.Current is not { } current ? ObjectAction.Created
        : Manifest.Metadata!.Version is { } version && version != current.Version ? ObjectAction.Conflict
        : ObjectAction.Changed;

    public ObjectChangeView View(ObjectAction action, long? newVersion = null, string? reason = null) => new()
    {
        Index = Index,
        Kind = Kind.Name,
        Name = Name,
        Action = action,
        Version = Draft.Current?.Version,
        NewVersion = newVersion,
        Changes = Draft.Current is null || Draft.IsSame ? [] : SpecJson.Changes(Draft.Current.Spec, Draft.After!),
        Before = Draft.IsSame ? null : Draft.Current?.Spec,
        After = Draft.IsSame ? null : Draft.After,
        Reason = reason,
    };

    public string? ConflictReason => Action == ObjectAction.Conflict
        ? FormattableString.Invariant($"Version {Draft.Current!.Version} is current, not {Manifest.Metadata!.Version}: export it again, or leave metadata.version out to change what is there.")
        : null;
}

/// <summary>Reads manifests, compares them with what is there, and brings what is there to them. Thread-safe.</summary>
internal sealed class ObjectPlanner(ObjectKinds kinds)
{
    public const int MaxObjects = 1000;
    private const int Parallel = 16;

    /// <summary>All that is wrong with all manifests, or what each of them changes. Nothing is written.</summary>
    public async Task<(IReadOnlyList<ManifestErrorView> Errors, IReadOnlyList<PlannedObject> Objects)> PlanAsync(IReadOnlyList<Manifest?> manifests, CancellationToken cancellationToken)
    {
        var planned = new (ManifestErrorView[] Errors, PlannedObject? Object)[manifests.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForAsync(0, planned.Length, options, async (i, cancel) => planned[i] = await PlanAsync(i, manifests[i], cancel));
        PlannedObject[] objects = [.. planned.Select(p => p.Object).OfType<PlannedObject>()];
        var twice = objects.GroupBy(o => (o.Kind, o.Draft.Key)).SelectMany(same => same.Skip(1).Select(o =>
            new ManifestErrorView { Index = o.Index, Kind = o.Kind.Name, Name = o.Name, Field = "metadata.name", Message = $"is in objects[{same.First().Index}] already: name each object once." }));
        return ([.. planned.SelectMany(p => p.Errors).Concat(twice).OrderBy(e => e.Index)], objects);
    }

    /// <summary>
    /// Writes what differs, one object after the other, each against the version that it was compared with, those first that others may refer to. Ends at the first that cannot be
    /// written: there is no transaction over objects, and to apply again goes on where this ended.
    /// </summary>
    /// <returns>Every object, in the order of the manifests.</returns>
    public async Task<IReadOnlyList<ObjectChangeView>> ApplyAsync(IReadOnlyList<PlannedObject> objects, string actor, CancellationToken cancellationToken)
    {
        var done = new List<ObjectChangeView>(objects.Count);
        var stopped = false;
        foreach (var planned in objects.OrderBy(o => kinds.OrderOf(o.Kind)).ThenBy(o => o.Index))
        {
            var view = stopped && planned.Action != ObjectAction.Unchanged ? planned.View(ObjectAction.NotApplied) : await ApplyAsync(planned, actor, cancellationToken);
            stopped |= view.Action is ObjectAction.Conflict or ObjectAction.Failed;
            done.Add(view);
        }
        return [.. done.OrderBy(v => v.Index)];
    }

    private static async Task<ObjectChangeView> ApplyAsync(PlannedObject planned, string actor, CancellationToken cancellationToken)
    {
        if (planned.Action == ObjectAction.Unchanged) return planned.View(ObjectAction.Unchanged);
        try
        {
            var written = await planned.Draft.WriteAsync(actor, cancellationToken);
            return written.Refusal is null ? planned.View(planned.Action, written.Version) : planned.View(ObjectAction.Conflict, reason: written.Refusal);
        }
        catch (MeshUnavailableException e)
        {
            return planned.View(ObjectAction.Failed, reason: e.Message);
        }
    }

    private async Task<(ManifestErrorView[] Errors, PlannedObject? Object)> PlanAsync(int index, Manifest? manifest, CancellationToken cancellationToken)
    {
        var shape = Shape(manifest).Select(e => ManifestErrorView.Of(index, manifest, new(e.Field, e.Message))).ToArray();
        if (shape.Length > 0) return (shape, null);
        var kind = kinds.Find(manifest!.Kind)!;
        var draft = await kind.DraftAsync(manifest, cancellationToken);
        return draft.Errors.Count > 0 ? ([.. draft.Errors.Select(e => ManifestErrorView.Of(index, manifest, e))], null) : ([], new(index, kind, manifest, draft));
    }

    private IEnumerable<(string Field, string Message)> Shape(Manifest? manifest)
    {
        if (manifest is null)
        {
            yield return ("", "must be an object.");
            yield break;
        }
        if (manifest.ApiVersion != Manifest.CurrentApiVersion) yield return ("apiVersion", $"must be {Manifest.CurrentApiVersion}.");
        if (kinds.Find(manifest.Kind) is null) yield return ("kind", $"must be one of {kinds.Names}.");
        if (string.IsNullOrEmpty(manifest.Metadata?.Name)) yield return ("metadata.name", "is required.");
        if (manifest.Metadata?.Version is < 0) yield return ("metadata.version", "must be 0 or more; leave it out to take the version that is there.");
        if (manifest.Spec is not { ValueKind: JsonValueKind.Object }) yield return ("spec", "is required: an object.");
    }
}
