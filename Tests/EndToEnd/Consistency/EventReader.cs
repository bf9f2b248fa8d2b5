using System.Net.Http.Json;
using System.Text.Json;
using InferMesh.Tests.EndToEnd.Consistency.Checks;

namespace InferMesh.Tests.EndToEnd.Consistency;

/// <summary>One reader of the event log, who always goes on where it was, by turns through each API.</summary>
internal sealed class EventReader(History history, IReadOnlyList<HttpClient> apis)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    private long _cursor;

    /// <summary>Pages that said that events in between are no longer kept.</summary>
    public int Truncations { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await TryReadAsync(apis[i % apis.Count]);
            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads on until nothing new comes.</summary>
    public async Task CatchUpAsync()
    {
        while (await TryReadAsync(apis[0]))
        {
        }
    }

    private async Task<bool> TryReadAsync(HttpClient api)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/events?after={_cursor}&limit=1000");
            request.Headers.Accept.ParseAdd("application/json");
            using var limit = new CancellationTokenSource(ObjectCalls.Limit);
            using var response = await api.SendAsync(request, limit.Token);
            if (!response.IsSuccessStatusCode) return false;
            var page = await response.Content.ReadFromJsonAsync<JsonElement>(limit.Token);
            if (page.GetProperty("truncated").GetBoolean()) Truncations++;
            var items = page.GetProperty("items");
            foreach (var item in items.EnumerateArray()) history.Events.Enqueue(Read(item));
            _cursor = page.GetProperty("cursor").GetInt64();
            return items.GetArrayLength() > 0;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            return false;
        }
    }

    private static LoggedEvent Read(JsonElement item) => new(
        item.GetProperty("id").GetInt64(), item.GetProperty("type").GetString()!, item.GetProperty("subject").GetString()!,
        item.GetProperty("data").TryGetProperty("version", out var version) && long.TryParse(version.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null);
}
