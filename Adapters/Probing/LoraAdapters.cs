using InferMesh.Adapters.Runtimes;

namespace InferMesh.Adapters.Probing;

/// <summary>Which LoRA adapters a model serves.</summary>
public static class LoraAdapters
{
    /// <summary>Adapters that the runtime lists for the model, and those with requests; in order of name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="all">Every model of its runtime.</param>
    public static IReadOnlyList<string> Of(ModelReading model, IReadOnlyList<ModelReading> all)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(all);
        var names = new SortedSet<string>(model.RunningLoraAdapters ?? [], StringComparer.Ordinal);
        names.UnionWith(model.WaitingLoraAdapters ?? []);
        foreach (var other in all)
        {
            if (other.BaseModel == model.Model)
                names.Add(other.Model);
        }

        return [.. names];
    }
}
