using System.Globalization;
using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Events;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Endpoints.Events;

/// <summary>Open event streams: server-sent events that follow the log until the caller or the host ends.</summary>
internal sealed class EventStreams(
    OwnReader own, TimeProvider time, IHostApplicationLifetime lifetime, IOptions<JsonOptions> json)
{
    private const int PageSize = 256;
    private const int MostAtOnce = 1000;

    /// <summary>Events that are looked through for the last ones that somebody asks for.</summary>
    public const int MostLookedBack = 20_000;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    /// <summary>Streams events after a cursor; negative for those to come.</summary>
    public async Task WriteAsync(HttpContext context, long cursor, EventFilter filter)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            SseResponse.Begin(context.Response);
            await FollowAsync(context.Response, context.Caller(), cursor, filter, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // How every stream ends.
        }
    }

    private async Task FollowAsync(HttpResponse response, Caller caller, long cursor, EventFilter filter, CancellationToken cancellationToken)
    {
        // Before the headers go out, so that a cluster that does not answer is a 503; and so that "those to come" begins now, not at the next poll.
        var page = await ReadAsync(caller, cursor, TimeSpan.Zero, cancellationToken);
        await response.WriteAsync(": events\n\n", cancellationToken);
        var lastWrite = time.GetTimestamp();
        while (caller.Stands(time.GetUtcNow()))
        {
            var written = await WritePageAsync(response, page, filter, cancellationToken);
            if (!written && time.GetElapsedTime(lastWrite) >= Heartbeat)
            {
                await response.WriteAsync(": heartbeat\n\n", cancellationToken);
                written = true;
            }
            if (written) lastWrite = time.GetTimestamp();
            await response.Body.FlushAsync(cancellationToken);
            page = await TryReadAsync(caller, page.Cursor, cancellationToken);
        }
        await SseResponse.EndAsync(response, cancellationToken);
    }

    private async Task<bool> WritePageAsync(HttpResponse response, EventPage page, EventFilter filter, CancellationToken cancellationToken)
    {
        if (page.Truncated) await response.WriteAsync("event: TRUNCATED\ndata: {\"detail\":\"older events are no longer kept\"}\n\n", cancellationToken);
        var written = page.Truncated;
        foreach (var happened in page.Events.Where(filter.Matches))
        {
            var data = JsonSerializer.Serialize(happened, json.Value.SerializerOptions);
            await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {happened.Id}\nevent: {happened.Type}\ndata: {data}\n\n"), cancellationToken);
            written = true;
        }
        return written;
    }

    private async Task<EventPage> TryReadAsync(Caller caller, long cursor, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(caller, cursor, Poll, cancellationToken);
        }
        catch (MeshUnavailableException)
        {
            // The log comes back with another silo, and the cursor still holds: the stream goes on where it was.
            await Task.Delay(PauseAfterFailure, time, cancellationToken);
            return new([], cursor, false);
        }
    }

    /// <summary>Cursor before the last events that a filter lets through and the caller sees: goes back page by page until there are enough, or it has looked at <see cref="MostLookedBack"/>.</summary>
    public async Task<long> BeforeLastAsync(Caller caller, long last, EventFilter filter, CancellationToken cancellationToken)
    {
        var newest = (await ReadAsync(caller, -1, TimeSpan.Zero, cancellationToken, 1)).Cursor;
        var from = newest;
        for (var missing = last; from > 0 && newest - from < MostLookedBack;)
        {
            var (before, size) = (from, Math.Min(MostAtOnce, from));
            from -= size;
            var page = await ReadAsync(caller, from, TimeSpan.Zero, cancellationToken, (int)size);
            long[] matching = [.. page.Events.Where(e => e.Id <= before && filter.Matches(e)).Select(static e => e.Id)];
            if (matching.Length >= missing) return matching[^(int)missing] - 1;
            missing -= matching.Length;
            // Older ones are no longer kept: to begin before them would say so, where nobody has asked for them.
            if (page.Truncated) return matching.Length > 0 ? matching[0] - 1 : before;
        }
        return from;
    }

    public Task<EventPage> ReadAsync(Caller caller, long cursor, TimeSpan wait, CancellationToken cancellationToken, int max = PageSize) =>
        own.EventsAsync(caller, cursor, max, wait, cancellationToken);
}
