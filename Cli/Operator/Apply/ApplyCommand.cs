using System.CommandLine;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Apply;

/// <summary><c>infermesh apply</c>: brings the mesh to what manifests say. Exit codes: 0 done, 1 not or not all applied, 2 a manifest is wrong and nothing was changed.</summary>
internal static class ApplyCommand
{
    private static readonly View Results = new("",
    [
        Column.Of("KIND", "kind"), Column.Of("NAME", "name"), Column.Of("ACTION", "action"), new("VERSION", Version), new("CHANGES", static item => string.Join(", ", item.Items("changes").Select(static c => c.Text("path")))),
        new Column("REASON", static item => item.Text("reason")).Wide(),
    ])
    { Name = static item => $"{item.Text("kind").ToLowerInvariant()}/{item.Text("name")}" };

    public static Option<string[]> Files() => new("--file", "-f") { Description = "Manifests as YAML or JSON: a file, a folder, or - for the input; may be repeated.", Required = true };

    public static Command Create() => Create("Bring policies, endpoints, models, tenants, nodes and jobs to what manifests say.", null);

    /// <param name="description">What it does.</param>
    /// <param name="kind">The only kind of manifests that it takes; null takes all.</param>
    public static Command Create(string description, string? kind)
    {
        var files = Files();
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing: let the mesh say what would be changed." };
        var diff = new Option<bool>("--diff") { Description = "Show differences as a unified diff too." };
        return ApiCommand.Create("apply", description, RunAsync, files, dryRun, diff);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var plan = new ApplyPlan(call.Api, ManifestFiles.Read(call.Parsed.GetValue(files)!, call.Shell.Input, kind));
            await plan.LookAsync(cancellationToken);
            if (plan.Errors.Count > 0)
            {
                foreach (var error in plan.Errors)
                    await call.Error.WriteLineAsync($"infermesh: {error}");
                return InferMeshCommand.ExitUsage;
            }

            if (call.Parsed.GetValue(diff))
                await call.Output.WriteAsync(string.Concat(plan.Planned.Select(p => p.Diff(call.Shell.HasColours))));
            var conflicts = plan.Planned.Where(static p => p.Action == "conflict").ToArray();
            var results = call.Parsed.GetValue(dryRun) || conflicts.Length > 0 ? plan.Planned : await plan.WriteAsync(cancellationToken);
            await call.Answers.RowsAsync([.. results.Select(static r => r.Item)], Results);
            return await ReportAsync(call, results, conflicts.Length > 0);
        }
    }

    private static async Task<int> ReportAsync(ApiCall call, IReadOnlyList<PlannedDocument> results, bool nothingApplied)
    {
        var open = results.Where(static r => r.Action is "conflict" or "failed").ToArray();
        foreach (var one in open)
            await call.Error.WriteLineAsync(Terminal.Clean($"infermesh: {one.Document.Source}: {one.Title}: {one.Reason}"));
        if (open.Length == 0)
            return 0;
        await call.Error.WriteLineAsync(nothingApplied ? "infermesh: nothing was applied" : $"infermesh: {ApplyPlan.Counts(results)}; apply again to go on");
        return InferMeshCommand.ExitFailed;
    }

    private static string Version(JsonElement item)
    {
        var (before, after) = (item.Text("version"), item.Text("newVersion"));
        return after.Length > 0 && before.Length > 0 ? $"{before} -> {after}" : Units.OrUnknown(after + before);
    }
}
