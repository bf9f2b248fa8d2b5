using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Common;
using InferMesh.Grains.Plugins;

namespace InferMesh.Grains.Jobs;

/// <summary>Checks a job: all errors at once, each with the path of its field.</summary>
internal static class JobValidator
{
    private const int MaxWorkers = 4096;
    private const int MaxGpusPerWorker = 64;
    private const int MaxText = 1024;
    private const int MaxArgument = 4096;
    private const int MaxEntries = 256;

    /// <param name="spec">The job.</param>
    /// <param name="plugin">Plugin of the strategy's name; null when there is none.</param>
    public static IReadOnlyList<FieldError> Check(JobSpec spec, MeshPlugin? plugin = null)
    {
        var errors = new List<FieldError>();
        if (NameRules.Check("name", spec.Name) is { } name) errors.Add(name);
        if (NameRules.Check("tenant", spec.Tenant) is { } tenant) errors.Add(tenant);
        if (spec.Project.Length > 0 && NameRules.Check("project", spec.Project) is { } project) errors.Add(project);
        FieldRules.Range(errors, "priority", spec.Priority, 0, 1000);
        Size(errors, spec);
        Parallelism(errors, spec);
        foreach (var (type, pace) in spec.GpuTypes)
        {
            Text(errors, $"gpuTypes.{NameRules.Shorten(type)}", type, 1);
            if (!(pace > 0) || !double.IsFinite(pace)) errors.Add(new($"gpuTypes.{NameRules.Shorten(type)}", "must be above 0: what one GPU of the type gets done in a second."));
        }
        if (spec.GpuTypes.Count > MaxEntries) errors.Add(new("gpuTypes", $"{spec.GpuTypes.Count} entries are too many: at most {MaxEntries}."));
        if (spec.GpuMemoryBytes < 0) errors.Add(new("gpuMemoryBytes", "must be 0 or more."));
        Text(errors, "migProfile", spec.MigProfile, 0, 64);
        if (spec is { RequiredDomain: { } required, PreferredDomain: { } preferred } && preferred < required) errors.Add(new("preferredDomain", "is coarser than requiredDomain, which holds it already: name a finer one, or leave it out."));
        if (PluginRules.OfJob(spec.Strategy, plugin) is { } strategy) errors.Add(strategy);
        Times(errors, spec);
        Program(errors, spec);
        return errors;
    }

    /// <summary>Whether two specs say the same.</summary>
    public static bool AreSame(JobSpec one, JobSpec other) =>
        one with { GpuTypes = other.GpuTypes, Command = other.Command, Environment = other.Environment } == other
        && one.Command.SequenceEqual(other.Command) && AreSame(one.GpuTypes, other.GpuTypes) && AreSame(one.Environment, other.Environment);

    private static bool AreSame<T>(IReadOnlyDictionary<string, T> one, IReadOnlyDictionary<string, T> other) =>
        one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var value) && EqualityComparer<T>.Default.Equals(value, pair.Value));

    private static void Size(List<FieldError> errors, JobSpec spec)
    {
        FieldRules.Range(errors, "workers", spec.Workers, 1, MaxWorkers);
        FieldRules.Range(errors, "gpusPerWorker", spec.GpusPerWorker, 1, MaxGpusPerWorker);
        if (spec.MinWorkers != 0) FieldRules.Range(errors, "minWorkers", spec.MinWorkers, 1, Math.Max(1, spec.Workers));
        if (spec.MaxWorkers != 0) FieldRules.Range(errors, "maxWorkers", spec.MaxWorkers, spec.Workers, MaxWorkers);
    }

    private static void Parallelism(List<FieldError> errors, JobSpec spec)
    {
        var (data, tensor, pipeline, expert) = spec.Parallelism;
        FieldRules.Range(errors, "parallelism.data", data, 0, MaxWorkers * MaxGpusPerWorker);
        FieldRules.Range(errors, "parallelism.tensor", tensor, 1, MaxWorkers * MaxGpusPerWorker);
        FieldRules.Range(errors, "parallelism.pipeline", pipeline, 1, MaxWorkers * MaxGpusPerWorker);
        FieldRules.Range(errors, "parallelism.expert", expert, 1, MaxWorkers * MaxGpusPerWorker);
        if (tensor < 1 || pipeline < 1 || expert < 1 || data < 0 || spec.Workers < 1 || spec.GpusPerWorker < 1) return;
        var ranks = (long)spec.Workers * spec.GpusPerWorker;
        var model = (long)tensor * pipeline;
        if (ranks % model != 0) errors.Add(new("parallelism", $"tensor x pipeline is {model}, which does not divide the {ranks} ranks."));
        else if (data != 0 && data * model != ranks) errors.Add(new("parallelism.data", $"{data} x {model} is not the {ranks} ranks: it must be {ranks / model}, or 0 for that."));
        else if (ranks / model % expert != 0) errors.Add(new("parallelism.expert", $"{expert} does not divide the data parallelism of {ranks / model}."));
        // With fewer or more workers the model must still fit.
        if (spec.LeastWorkers != spec.Workers && (long)spec.GpusPerWorker % model != 0 && model % spec.GpusPerWorker != 0)
            errors.Add(new("minWorkers", $"an elastic job needs a model of {model} ranks that divides its workers' {spec.GpusPerWorker} GPUs, or is a multiple of them."));
    }

    private static void Times(List<FieldError> errors, JobSpec spec)
    {
        if (spec.CheckpointEverySeconds != 0) FieldRules.Range(errors, "checkpointEverySeconds", spec.CheckpointEverySeconds, 1, 86_400);
        if (spec.CheckpointEverySeconds > 0 && spec.CheckpointTo.Length == 0) errors.Add(new("checkpointEverySeconds", "means nothing without checkpointTo."));
        FieldRules.Range(errors, "graceSeconds", spec.GraceSeconds, 0, 3600);
        if (spec.BudgetGpuHours is { } budget && !(budget > 0 && budget <= 1e9)) errors.Add(new("budgetGpuHours", "must be above 0 and at most 1000000000."));
        if (spec.ExpectedSeconds is { } expected && !(expected > 0 && expected <= 1e9)) errors.Add(new("expectedSeconds", "must be above 0 and at most 1000000000."));
        if (spec.StepComputeSeconds is { } compute) FieldRules.Range(errors, "stepComputeSeconds", compute, 0, 86_400);
        if (spec.GradientBytes is { } bytes) FieldRules.Range(errors, "gradientBytes", bytes, 0, 1e15);
        FieldRules.Range(errors, "maxRestarts", spec.MaxRestarts, 0, 1000);
    }

    private static void Program(List<FieldError> errors, JobSpec spec)
    {
        Text(errors, "dataset", spec.Dataset, 0);
        Text(errors, "checkpointTo", spec.CheckpointTo, 0);
        Text(errors, "image", spec.Image, 0);
        if (spec.Command.Count is 0 or > MaxEntries) errors.Add(new("command", $"must have 1 to {MaxEntries} texts: the program and its arguments."));
        foreach (var (i, argument) in spec.Command.Take(MaxEntries).Index()) Text(errors, $"command[{i}]", argument, i == 0 ? 1 : 0, MaxArgument);
        if (spec.Environment.Count > MaxEntries) errors.Add(new("environment", $"{spec.Environment.Count} entries are too many: at most {MaxEntries}."));
        foreach (var (variable, value) in spec.Environment.Take(MaxEntries))
        {
            var field = $"environment.{NameRules.Shorten(variable)}";
            if (variable.Length is 0 or > 256 || variable.Contains('=', StringComparison.Ordinal) || variable.Any(char.IsControl)) errors.Add(new(field, "a variable's name must have 1 to 256 characters, without '=' and control characters."));
            Text(errors, field, value, 0, MaxArgument);
        }
    }

    private static void Text(List<FieldError> errors, string field, string text, int least, int most = MaxText)
    {
        if (text.Length < least || text.Length > most) errors.Add(new(field, $"must have {least} to {most} characters."));
        else if (text.Contains('\0', StringComparison.Ordinal)) errors.Add(new(field, "must not contain a NUL character."));
    }
}
