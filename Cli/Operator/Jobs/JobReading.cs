using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary>Lists jobs, and shows one and why it is where it is.</summary>
internal static class JobReading
{
    private const int PageSize = 1000;

    public static Command Get()
    {
        var id = JobCommand.Id();
        return ApiCommand.Create("get", "Show one job: what it is, where it runs, and how far it is.", async (call, cancellationToken) =>
        {
            using var job = await call.Api.GetAsync(JobCommand.PathOf(call.Parsed.GetRequiredValue(id)), cancellationToken);
            await call.WriteAsync(job.RootElement, JobText.Detail);
            return 0;
        }, id);
    }

    public static Command Explain()
    {
        var id = JobCommand.Id();
        return ApiCommand.Create("explain", "Show why a job waits, or why it is where it is.", async (call, cancellationToken) =>
        {
            using var explanation = await call.Api.GetAsync(JobCommand.PathOf(call.Parsed.GetRequiredValue(id), "/explain"), cancellationToken);
            await call.WriteAsync(explanation.RootElement, JobText.Explanation);
            return 0;
        }, id);
    }

    public static Command List()
    {
        var state = new Option<string[]>("--state") { Description = "Only jobs in this state, such as queued or running; may be repeated.", DefaultValueFactory = static _ => [] };
        var tenant = new Option<string?>("--tenant") { Description = "Only jobs of this tenant." };
        var project = new Option<string?>("--project") { Description = "Only jobs of this project." };
        var name = new Option<string?>("--name") { Description = "Only jobs of this name; a trailing * matches any ending." };
        var node = new Option<string?>("--node") { Description = "Only jobs that have GPUs on this node." };
        var limit = new Option<int>("--limit") { Description = "Most jobs to show.", DefaultValueFactory = static _ => 100 };
        return ApiCommand.Create("list", "List jobs, newest first.", RunAsync, state, tenant, project, name, node, limit);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            if (call.Parsed.GetValue(limit) is not (>= 1 and var most))
                throw new UsageException("--limit must be 1 or more");
            var query = string.Concat(call.Parsed.GetValue(state)!.Select(static s => Parameter("state", s)))
                + Parameter("tenant", call.Parsed.GetValue(tenant)) + Parameter("project", call.Parsed.GetValue(project)) + Parameter("name", call.Parsed.GetValue(name)) + Parameter("node", call.Parsed.GetValue(node));
            await ShowAsync(call, query, most, cancellationToken);
            return 0;
        }
    }

    private static async Task ShowAsync(ApiCall call, string query, int most, CancellationToken cancellationToken)
    {
        var jobs = new List<JsonElement>();
        var (cursor, total) = ("", 0L);
        do
        {
            var size = Math.Min(PageSize, most - jobs.Count);
            using var page = await call.Api.GetAsync(JobCommand.Path(string.Create(CultureInfo.InvariantCulture, $"?limit={size}{query}{Parameter("cursor", cursor)}")), cancellationToken);
            jobs.AddRange(page.RootElement.Items("items").Select(static job => job.Clone()));
            (cursor, total) = (page.RootElement.Text("nextCursor"), page.RootElement.Number("total"));
        }
        while (cursor.Length > 0 && jobs.Count < most);

        if (call.Json)
        {
            foreach (var job in jobs)
                await call.Output.WriteLineAsync(Terminal.Json(job));
            return;
        }

        await call.Output.WriteLineAsync(JobText.Table(jobs));
        if (jobs.Count < total)
            await call.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"... {jobs.Count} of {total}; --limit shows more"));
    }

    private static string Parameter(string name, string? value) => string.IsNullOrEmpty(value) ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
