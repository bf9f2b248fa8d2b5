using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Models;
using InferMesh.Grains.Common;
using static InferMesh.Grains.Common.FieldRules;

namespace InferMesh.Grains.Models;

/// <summary>Checks the content of a model: all errors at once, each with the path of its field.</summary>
internal static class ModelValidator
{
    private const int MaxReplicas = 4096;
    private const int MaxGpus = 64;
    private const int MaxAdapters = 64;
    private const int MaxSource = 2048;

    /// <summary>A pebibyte: beyond it a number of bytes is a mistake.</summary>
    private const long MaxVramBytes = 1L << 50;

    /// <param name="name">Name of the model.</param>
    /// <param name="spec">Content.</param>
    public static IReadOnlyList<FieldError> Check(string name, ModelSpec spec)
    {
        var errors = new List<FieldError>();
        if (name.Length is 0 or > MaxText || name.Any(char.IsControl) || name.Contains('*') || name[0] == '/' || name[^1] == '/')
            errors.Add(new("name", $"must have 1 to {MaxText} characters, no control character, no '*', and no '/' at either end."));
        Text(errors, "revision", spec.Revision, MaxText);
        Text(errors, "quantization", spec.Quantization, MaxText);
        Text(errors, "source", spec.Source, MaxSource);
        Text(errors, "migProfile", spec.MigProfile, MaxText);
        Range(errors, "vramBytes", spec.VramBytes, 0, MaxVramBytes);
        Range(errors, "kvHeadroom", spec.KvHeadroom, 0, 0.9);
        Range(errors, "gpusPerReplica", spec.GpusPerReplica, 1, MaxGpus);
        Range(errors, "replicas", spec.Replicas, 0, MaxReplicas);
        Texts(errors, "runtimes", spec.Runtimes);
        FieldRules.Names(errors, "nodes", spec.Nodes);
        if (!Enum.IsDefined(spec.AntiAffinity)) errors.Add(new("antiAffinity", "must be none, node, failure_domain or zone."));
        Labels(errors, spec.Labels);
        Adapters(errors, name, spec.Adapters);
        if (spec.Autoscale is { } autoscale) Autoscale(errors, autoscale);
        return errors;
    }

    private static void Labels(List<FieldError> errors, IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count > MaxEntries) errors.Add(new("labels", $"{labels.Count} entries are too many: at most {MaxEntries}."));
        errors.AddRange(labels.Where(l => l.Key.Length is 0 or > MaxText || l.Value.Length > MaxText)
            .Select(l => new FieldError($"labels.{NameRules.Shorten(l.Key)}", $"a name must have 1 to {MaxText} characters, a value at most as many.")));
    }

    private static void Adapters(List<FieldError> errors, string name, IReadOnlyDictionary<string, string> adapters)
    {
        if (adapters.Count > MaxAdapters) errors.Add(new("adapters", $"{adapters.Count} entries are too many: at most {MaxAdapters}."));
        foreach (var (adapter, source) in adapters)
        {
            var field = $"adapters.{NameRules.Shorten(adapter)}";
            if (adapter.Length is 0 or > MaxText || adapter.Any(char.IsControl)) errors.Add(new(field, $"a name must have 1 to {MaxText} characters, none of them a control character."));
            if (adapter == name) errors.Add(new(field, "has the name of the model itself."));
            if (source.Length is 0 or > MaxSource || source.Any(char.IsControl)) errors.Add(new(field, $"a source must have 1 to {MaxSource} characters, none of them a control character."));
        }
    }

    private static void Autoscale(List<FieldError> errors, ModelAutoscale autoscale)
    {
        Range(errors, "autoscale.minReplicas", autoscale.MinReplicas, 0, MaxReplicas);
        Range(errors, "autoscale.maxReplicas", autoscale.MaxReplicas, Math.Clamp(autoscale.MinReplicas, 0, MaxReplicas), MaxReplicas);
        Range(errors, "autoscale.targetLoad", autoscale.TargetLoad, 0.01, 1);
        if (autoscale.TtftSloMs is { } slo) Range(errors, "autoscale.ttftSloMs", slo, 1, 600_000);
    }

    private static void Text(List<FieldError> errors, string field, string text, int most)
    {
        if (text.Length > most || text.Any(char.IsControl)) errors.Add(new(field, $"must have at most {most} characters, none of them a control character."));
    }
}
