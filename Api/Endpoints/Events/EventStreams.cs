using System.Globalization;
using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Grains.Abstractions.Events;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Endpoints.Events;

/// <summary>Open event streams: server-sent events that follow the log until the caller or the host ends.</summary>
internal sealed class EventStreams(
    GrainCalls calls, StreamPlaces places, TimeProvider time, IHostApplicationLifetime lifetime, IOptions<JsonOptions> json)
{
    private const int PageSize = 256;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    /// <summary>Streams events after a cursor; negative for those to come. The place that was taken is given back.</summary>
    public async Task WriteAsync(HttpContext context, long cursor, IReadOnlyCollection<string> types)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            SseResponse.Begin(context.Response);
            await FollowAsync(context.Response, cursor, types, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // How every stream ends.
        }
        finally
        {
            places.Close();
        }
    }

    private async Task FollowAsync(HttpResponse response, long cursor, IReadOnlyCollection<string> types, CancellationToken cancellationToken)
    {
        // Before the headers go out, so that a cluster that does not answer is a 503; and so that "those to come" begins now, not at the next poll.
        var page = await ReadAsync(cursor, TimeSpan.Zero, cancellationToken);
        await response.WriteAsync(": events\n\n", cancellationToken);
        var lastWrite = time.GetTimestamp();
        while (true)
        {
            var written = await WritePageAsync(response, page, types, cancellationToken);
            if (!written && time.GetElapsedTime(lastWrite) >= Heartbeat)
            {
                await response.WriteAsync(": heartbeat\n\n", cancellationToken);
                written = true;
            }
            if (written) lastWrite = time.GetTimestamp();
            await response.Body.FlushAsync(cancellationToken);
            page = await TryReadAsync(page.Cursor, cancellationToken);
        }
    }

    private async Task<bool> WritePageAsync(HttpResponse response, EventPage page, IReadOnlyCollection<string> types, CancellationToken cancellationToken)
    {
        if (page.Truncated) await response.WriteAsync("event: TRUNCATED\ndata: {\"detail\":\"older events are no longer kept\"}\n\n", cancellationToken);
        var written = page.Truncated;
        foreach (var happened in page.Events.Where(e => types.Count == 0 || types.Contains(e.Type)))
        {
            var data = JsonSerializer.Serialize(happened, json.Value.SerializerOptions);
            await response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {happened.Id}\nevent: {happened.Type}\ndata: {data}\n\n"), cancellationToken);
            written = true;
        }
        return written;
    }

    private async Task<EventPage> TryReadAsync(long cursor, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(cursor, Poll, cancellationToken);
        }
        catch (MeshUnavailableException)
        {
            // The log comes back with another silo, and the cursor still holds: the stream goes on where it was.
            await Task.Delay(PauseAfterFailure, time, cancellationToken);
            return new([], cursor, false);
        }
    }

    public Task<EventPage> ReadAsync(long cursor, TimeSpan wait, CancellationToken cancellationToken, int max = PageSize) =>
        calls.RetryAsync(g => g.GetGrain<IEventLogGrain>(IEventLogGrain.Key).ReadAfter(cursor, max, wait), cancellationToken);
}
