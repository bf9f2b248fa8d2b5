using System.Text.RegularExpressions;
using InferMesh.Cli.Agent.Config;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>What a node lets jobs do.</summary>
internal static partial class JobRules
{
    public const int MaxRanks = 1024;

    // What decides which code a program loads is up to whoever allowed the program.
    private static readonly string[] Loaders = ["LD_", "DYLD_", "DOTNET_", "CORECLR_", "COMPlus_", "BASH_FUNC_"];
    private static readonly string[] Searches = ["PATH", "BASH_ENV", "ENV"];

    /// <summary>Whether an id may be the name of a folder.</summary>
    public static bool IsId(string job) => IdPattern().IsMatch(job);

    /// <summary>Why an assignment is not carried out; null when it may be.</summary>
    public static string? Refuse(JobAssignment assignment, TrainingConfig config)
    {
        if (!IsId(assignment.JobId))
            return "the job's id must be 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit";
        if (assignment.Command.Count == 0 || assignment.Command[0].Length == 0)
            return "the job names no program";
        var program = assignment.Command[0];
        if (program != TrainingConfig.Trainer && !config.Commands.Contains(program, StringComparer.Ordinal))
            return $"the program '{Shown(program)}' is not allowed on this node: training.commands of its agent does not name it";
        if (assignment.Ranks.Count is 0 or > MaxRanks)
            return $"{assignment.Ranks.Count} ranks are none that a node can run";
        if (assignment.Ranks.Select(rank => rank.Rank).Distinct().Count() != assignment.Ranks.Count || assignment.Ranks.Any(rank => rank.Rank < 0 || rank.Rank >= assignment.WorldSize))
            return $"the ranks {string.Join(", ", assignment.Ranks.Select(rank => rank.Rank).Take(16))} are not different ones of {assignment.WorldSize}";
        foreach (var (name, value) in assignment.Environment)
        {
            if (name.Length == 0 || name.Contains('=', StringComparison.Ordinal) || HasNull(name) || HasNull(value))
                return $"'{Shown(name)}' is not usable as a variable";
            if (Searches.Contains(name, StringComparer.Ordinal) || Loaders.Any(loader => name.StartsWith(loader, StringComparison.Ordinal)))
                return $"the variable {Shown(name)} decides which code programs load: it is this node's alone";
        }

        string[] texts = [assignment.MasterAddress, assignment.Image, assignment.CheckpointTo, assignment.ResumeFrom, assignment.Dataset, .. assignment.Command, .. assignment.Ranks.Select(rank => rank.Gpu)];
        return texts.Any(HasNull) ? "a text holds the character 0" : null;
    }

    private static bool HasNull(string text) => text.Contains('\0', StringComparison.Ordinal);

    private static string Shown(string text)
    {
        const int most = 256;
        var plain = new string([.. text.Take(most).Select(c => char.IsControl(c) ? '?' : c)]);
        return text.Length > most ? plain + "..." : plain;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();
}
