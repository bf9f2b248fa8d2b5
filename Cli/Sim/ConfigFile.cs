using System.Globalization;
using InferMesh.Simulator;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Configuration.Training;

namespace InferMesh.Cli.Sim;

/// <summary>Reads a configuration; what is wrong with it is said all at once, a line each, as <c>file:line:column: path: message</c>.</summary>
internal static class ConfigFile
{
    /// <summary>The configuration, or null after its errors went to <paramref name="error"/>; what of it has no effect goes there too.</summary>
    public static SimConfig? Read(string path, TextWriter error, IStrategySource? others = null)
    {
        var result = SimConfigYaml.Read(Text(path), Path.GetDirectoryName(Path.GetFullPath(path)), others);
        Say(path, result.Errors, error);
        if (result.Errors.Count > 0) return null;
        foreach (var note in SimConfigNotes.Of(result.Config!, others)) error.WriteLine($"{path}: note: {note.Path} {note.Message}");
        return result.Config;
    }

    /// <summary>The same for a configuration of jobs.</summary>
    public static JobsConfig? ReadJobs(string path, TextWriter error, IStrategySource? others = null)
    {
        var result = JobsConfigYaml.Read(Text(path), Path.GetDirectoryName(Path.GetFullPath(path)), others);
        Say(path, result.Errors, error);
        return result.Config;
    }

    /// <summary>Checks a configuration that options changed after it was read.</summary>
    public static void Check(SimConfig config, string option, IStrategySource? others = null)
    {
        if (SimConfigValidator.Check(config, others) is [var first, ..]) throw new UsageException($"{option}: {first.Path}: {first.Message}");
    }

    private static void Say(string path, IReadOnlyList<ConfigError> errors, TextWriter error)
    {
        foreach (var e in errors)
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}:{e.Line}:{e.Column}: {(e.Path == "" ? "" : $"{e.Path}: ")}{e.Message.ReplaceLineEndings(" ")}"));
    }

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--config: cannot read '{path}': {exception.Message}");
        }
    }
}
