using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator;

/// <summary><c>infermesh events</c>: what happened in a mesh, with reasons and evidence; once, or on and on.</summary>
internal static class EventsCommand
{
    private const int PageSize = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly View Lines = View.OfText("event", "id", Line);

    public static Command Create()
    {
        var after = new Option<long>("--after") { Description = "Id of the last event that you have; 0 for all that are kept." };
        var type = new Option<string[]>("--type") { Description = "Type of event, such as NODE_HEALTH_CHANGED; may be repeated.", DefaultValueFactory = static _ => [] };
        var since = new Option<string?>("--since") { Description = "Only what happened then or later: a time, as in 2026-05-01T12:00:00Z, or how long ago, as in 90s, 15m, 2h or 7d." };
        var subject = new Option<string?>("--subject") { Description = "Only what is about this node, model, job, policy, endpoint or tenant." };
        var actor = new Option<string?>("--actor") { Description = "Only what this one caused." };
        var tenant = new Option<string?>("--tenant") { Description = "Only events of this tenant." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens, until Ctrl+C." };
        return ApiCommand.Create("events", "Show what happened in a mesh: nodes that come, go and fall ill, with reason and evidence; models, jobs, policies, endpoints.", RunAsync, after, type, since, subject, actor, tenant, follow);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            if (call.Parsed.GetValue(after) is not (>= 0 and var cursor)) throw new UsageException("--after must be 0 or more");
            var types = string.Concat(call.Parsed.GetValue(type)!.Select(static t => $"&types={Uri.EscapeDataString(t)}"));
            var time = Since(call.Parsed.GetValue(since), call.Shell.Time.GetUtcNow());
            var filter = types + Filter("since", time?.ToString("O", CultureInfo.InvariantCulture)) + Filter("subject", call.Parsed.GetValue(subject)) + Filter("actor", call.Parsed.GetValue(actor)) + Filter("tenant", call.Parsed.GetValue(tenant));
            await ShowAsync(call, cursor, filter, call.Parsed.GetValue(follow), cancellationToken);
            return 0;
        }
    }

    private static string Filter(string name, string? value) => string.IsNullOrEmpty(value) ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    /// <summary>A time, or how long ago.</summary>
    internal static DateTimeOffset? Since(string? text, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 1e6)
        {
            switch (text[^1])
            {
                case 's': return now - TimeSpan.FromSeconds(number);
                case 'm': return now - TimeSpan.FromMinutes(number);
                case 'h': return now - TimeSpan.FromHours(number);
                case 'd' when number < 100_000: return now - TimeSpan.FromDays(number);
            }
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new UsageException("--since must be a time, as in 2026-05-01T12:00:00Z, or how long ago, as in 90s, 15m, 2h or 7d");
    }

    private static async Task ShowAsync(ApiCall call, long cursor, string filter, bool follow, CancellationToken cancellationToken)
    {
        var (patience, hasRead) = (new Patience(call.Error), false);
        try
        {
            while (true)
            {
                JsonDocument answer;
                try
                {
                    answer = await call.Api.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/events?after={cursor}&limit={PageSize}{filter}"), cancellationToken);
                }
                catch (CommandFailedException exception) when (follow && hasRead && patience.Bears(exception))
                {
                    // The cursor holds over a restart of the API: nothing is missed, and nothing comes twice.
                    await patience.SayAsync(exception);
                    await Task.Delay(Pause, call.Shell.Time, cancellationToken);
                    continue;
                }

                using var page = answer;
                hasRead = true;
                patience.Worked();
                if (page.RootElement.GetProperty("truncated").GetBoolean() && cursor > 0)
                    await (call.Json ? call.Output.WriteLineAsync("""{"truncated":true}""") : call.Answers.TextAsync("... older events are no longer kept"));
                foreach (var happened in page.RootElement.Items("items"))
                    await call.WriteAsync(happened, Lines);
                var next = page.RootElement.GetProperty("cursor").GetInt64();
                if (next != cursor)
                {
                    cursor = next;
                    continue;
                }

                if (!follow)
                    return;
                await call.Output.FlushAsync(cancellationToken);
                await Task.Delay(Pause, call.Shell.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private static string Line(JsonElement happened)
    {
        var line = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{happened.Number("id"),6}  {happened.Time("at")}  ")
            .Append(CultureInfo.InvariantCulture, $"{Terminal.Clean(happened.Text("type")),-20}  {Terminal.Clean(happened.Text("subject"))}");
        foreach (var detail in happened.Members("data"))
            line.Append(CultureInfo.InvariantCulture, $"  {Terminal.Clean(detail.Name)}={Terminal.Quoted(detail.Value.GetString() ?? "")}");
        if (happened.Number("versionAfter") > 0 || happened.Number("versionBefore") > 0)
            line.Append(CultureInfo.InvariantCulture, $"  v{happened.Number("versionBefore")}>v{happened.Number("versionAfter")}");
        if (happened.Text("reason") is { Length: > 0 } why && happened.Members("data").All(d => d.Value.GetString() != why))
            line.Append(CultureInfo.InvariantCulture, $"  reason={Terminal.Quoted(why)}");
        if (happened.Text("actor") is { Length: > 0 } who)
            line.Append(CultureInfo.InvariantCulture, $"  by {Terminal.Clean(who)}");
        return line.ToString();
    }
}
