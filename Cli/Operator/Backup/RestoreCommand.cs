using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Backup;

/// <summary>
/// <c>infermesh restore</c>: puts a backup back. Exit codes: 0 done, 1 refused because something else is there, or not all restored, 2 the file or the command line is wrong and nothing was
/// changed.
/// </summary>
internal static class RestoreCommand
{
    private const int Shown = 20;
    private static readonly string[] Actions = ["created", "unchanged", "overwritten", "kept"];
    private static readonly View Results = new("",
    [
        Column.Of("KIND", "kind"), new("OBJECTS", static item => Text(item.Members("counts").Sum(static m => m.Value.GetInt64()))),
        .. Actions.Select(static action => new Column(action.ToUpperInvariant(), item => Text(item.Object("counts")?.Number(action) ?? 0))),
    ])
    { Name = static item => item.Text("kind").ToLowerInvariant() };

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "File that infermesh backup wrote." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing: show what would become of each object." };
        var overwrite = new Option<bool>("--overwrite", "--force") { Description = "Write saved contents over those that are there, as new versions. Nothing is deleted, and no job is taken back." };
        var only = new Option<string[]>("--only") { Description = $"Restore this kind alone: {string.Join(", ", ObjectKinds.Saved)}; may be repeated.", DefaultValueFactory = static _ => [] };
        return ApiCommand.Create("restore", "Put a backup back into a mesh.", RunAsync, file, dryRun, overwrite, only);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            string[] kinds = [.. call.Parsed.GetValue(only)!.Select(static kind => ObjectKinds.Known(kind, "--only", ObjectKinds.Saved))];
            var backup = await BackupFile.OpenAsync(call.Parsed.GetValue(file)!, cancellationToken);
            call.Api.BePatient();
            var run = new RestoreRun(call.Api, backup, kinds.Length == 0 ? ObjectKinds.Saved : kinds, call.Parsed.GetValue(overwrite));
            var obstacles = await run.LookAsync(cancellationToken);
            if (obstacles.Count > 0)
                return await RefuseAsync(call, obstacles);
            if (!call.Parsed.GetValue(dryRun))
                await run.WriteAsync(cancellationToken);
            await ShowAsync(call, run);
            return 0;
        }
    }

    private static async Task<int> RefuseAsync(ApiCall call, List<string> obstacles)
    {
        foreach (var obstacle in obstacles.Take(Shown))
            await call.Error.WriteLineAsync(Terminal.Clean($"infermesh: {obstacle}"));
        if (obstacles.Count > Shown)
            await call.Error.WriteLineAsync(FormattableString.Invariant($"infermesh: and {obstacles.Count - Shown} more"));
        await call.Error.WriteLineAsync("infermesh: nothing was restored: the mesh has objects that the backup has not, or has otherwise; --overwrite restores nevertheless");
        return InferMeshCommand.ExitFailed;
    }

    private static async Task ShowAsync(ApiCall call, RestoreRun run)
    {
        foreach (var kept in run.Kept)
            await call.Error.WriteLineAsync(Terminal.Clean($"infermesh: {kept}"));
        var rows = run.Counts.OrderBy(static c => ObjectKinds.OrderOf(c.Key)).Select(static c => JsonSerializer.SerializeToElement(new { kind = c.Key, counts = c.Value }));
        await call.Answers.RowsAsync([.. rows], Results);
    }

    private static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
