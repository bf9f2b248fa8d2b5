using System.CommandLine;

namespace InferMesh.Cli.Operator.Apply;

/// <summary><c>infermesh diff</c>: what <c>apply</c> would change, as a unified diff. Exit codes as those of diff: 0 nothing, 1 something, 2 that it cannot be told.</summary>
internal static class DiffCommand
{
    private const int ExitDifferent = 1;

    public static Command Create()
    {
        var files = ApplyCommand.Files();
        return ApiCommand.Create("diff", "Show what applying manifests would change; exit code 0 nothing, 1 something, 2 an error.", [], (call, cancellationToken) => RunAsync(call, call.Parsed.GetValue(files)!, null, cancellationToken), files);
    }

    /// <summary>Compares manifests with what there is.</summary>
    /// <param name="call">Call.</param>
    /// <param name="files">Files.</param>
    /// <param name="kind">The only kind of manifests; null takes all.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(ApiCall call, IReadOnlyList<string> files, string? kind, CancellationToken cancellationToken) => CodedAsync(async () =>
    {
        var plan = new ApplyPlan(call.Api, ManifestFiles.Read(files, call.Shell.Input, kind));
        await plan.LookAsync(cancellationToken);
        var diff = string.Concat(plan.Planned.Select(p => p.Diff(call.Shell.HasColours)));
        await call.Output.WriteAsync(diff);
        string[] errors = [.. plan.Errors, .. plan.Planned.Where(static p => p.Action == "conflict").Select(static p => Terminal.Clean($"{p.Document.Source}: {p.Title}: {p.Reason}"))];
        foreach (var error in errors)
            await call.Error.WriteLineAsync($"infermesh: {error}");
        return errors.Length > 0 ? InferMeshCommand.ExitUsage : CodeOf(diff);
    });

    /// <summary>The exit code of a diff.</summary>
    public static int CodeOf(string diff) => diff.Length > 0 ? ExitDifferent : 0;

    /// <summary>Runs a comparison: what fails otherwise is 2, for 1 means that there are differences.</summary>
    public static async Task<int> CodedAsync(Func<Task<int>> compare)
    {
        try
        {
            return await compare();
        }
        catch (CommandFailedException exception)
        {
            throw new UsageException(exception.Message);
        }
    }
}
