using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary><c>infermesh events</c>: what happened in a mesh, with reasons and evidence; once, or on and on.</summary>
internal static class EventsCommand
{
    private const int PageSize = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var after = new Option<long>("--after") { Description = "Id of the last event that you have; 0 for all that are kept." };
        var type = new Option<string[]>("--type") { Description = "Type of event, such as NODE_HEALTH_CHANGED; may be repeated.", DefaultValueFactory = static _ => [] };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens, until Ctrl+C." };
        return ApiCommand.Create("events", "Show what happened in a mesh: nodes that come, go and fall ill, with reason and evidence; models, jobs, policies, endpoints.", RunAsync, after, type, follow);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            if (call.Parsed.GetValue(after) is not (>= 0 and var cursor)) throw new UsageException("--after must be 0 or more");
            var types = string.Concat(call.Parsed.GetValue(type)!.Select(static t => $"&types={Uri.EscapeDataString(t)}"));
            await ShowAsync(call, cursor, types, call.Parsed.GetValue(follow), cancellationToken);
            return 0;
        }
    }

    private static async Task ShowAsync(ApiCall call, long cursor, string types, bool follow, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                using var page = await call.Api.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/events?after={cursor}&limit={PageSize}{types}"), cancellationToken);
                if (page.RootElement.GetProperty("truncated").GetBoolean() && cursor > 0)
                    await call.Output.WriteLineAsync(call.Json ? """{"truncated":true}""" : "... older events are no longer kept");
                foreach (var happened in page.RootElement.Items("items"))
                    await call.WriteAsync(happened, Line);
                var next = page.RootElement.GetProperty("cursor").GetInt64();
                if (next != cursor)
                {
                    cursor = next;
                    continue;
                }

                if (!follow)
                    return;
                await call.Output.FlushAsync(cancellationToken);
                await Task.Delay(Pause, cancellationToken);
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
        if (happened.Text("actor") is { Length: > 0 } who)
            line.Append(CultureInfo.InvariantCulture, $"  by {Terminal.Clean(who)}");
        return line.ToString();
    }
}
