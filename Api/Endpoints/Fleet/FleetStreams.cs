using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Events;
using InferMesh.Api.Security.Callers;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Endpoints.Fleet;

/// <summary>Open streams of the fleet: each begins with all cells and goes on with those that change. All streams share one read of the cells a second. Thread-safe.</summary>
internal sealed class FleetStreams(FleetReader fleet, TimeProvider time, IHostApplicationLifetime lifetime, IOptions<JsonOptions> json)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    // However seldom cells are sent, a caller that was shut out is shut out by then.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Task<IReadOnlyList<FleetCellView>>? _cells;
    private long _readAt;

    /// <summary>All cells, at most a second old.</summary>
    public Task<IReadOnlyList<FleetCellView>> ReadAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_cells is not { IsCompleted: false } && (_cells is not { IsCompletedSuccessfully: true } || time.GetElapsedTime(_readAt) >= Fresh)) (_cells, _readAt) = (ReadAllAsync(), time.GetTimestamp());
            return _cells!.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Streams until the caller or the host ends.</summary>
    public async Task WriteAsync(HttpContext context, TimeSpan interval)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            // Before the headers go out, so that a cluster that does not answer is a 503.
            var cells = await ReadAsync(ends.Token);
            SseResponse.Begin(context.Response);
            await FollowAsync(context.Response, context.Caller(), cells, interval, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // How every stream ends.
        }
    }

    private async Task FollowAsync(HttpResponse response, Caller caller, IReadOnlyList<FleetCellView>? cells, TimeSpan interval, CancellationToken cancellationToken)
    {
        var sent = new Dictionary<string, (long Incarnation, long Version)>(StringComparer.Ordinal);
        var lastWrite = time.GetTimestamp();
        await response.WriteAsync(": fleet\n\n", cancellationToken);
        while (caller.Stands(time.GetUtcNow()))
        {
            var written = cells is not null && await WriteChangesAsync(response, cells, sent, cancellationToken);
            if (!written && time.GetElapsedTime(lastWrite) >= Heartbeat)
            {
                await response.WriteAsync(": heartbeat\n\n", cancellationToken);
                written = true;
            }
            if (written) lastWrite = time.GetTimestamp();
            await response.Body.FlushAsync(cancellationToken);
            for (var left = interval; left > TimeSpan.Zero && caller.Stands(time.GetUtcNow()); left -= Look) await Task.Delay(left < Look ? left : Look, time, cancellationToken);
            cells = await TryReadAsync(cancellationToken);
        }
        await SseResponse.EndAsync(response, cancellationToken);
    }

    private async Task<bool> WriteChangesAsync(HttpResponse response, IReadOnlyList<FleetCellView> cells, Dictionary<string, (long Incarnation, long Version)> sent, CancellationToken cancellationToken)
    {
        var written = false;
        foreach (var cell in cells)
        {
            if (sent.TryGetValue(cell.Id, out var last) && last == (cell.Incarnation, cell.Version)) continue; // Nothing new.
            sent[cell.Id] = (cell.Incarnation, cell.Version);
            await response.WriteAsync($"event: cell\ndata: {JsonSerializer.Serialize(cell, json.Value.SerializerOptions)}\n\n", cancellationToken);
            written = true;
        }
        foreach (var gone in sent.Keys.Except(cells.Select(static c => c.Id)).ToArray())
        {
            sent.Remove(gone);
            await response.WriteAsync($"event: gone\ndata: {JsonSerializer.Serialize(new GoneView(gone), json.Value.SerializerOptions)}\n\n", cancellationToken);
            written = true;
        }
        return written;
    }

    // The cells come back with another silo: until then the reader keeps what it has.
    private async Task<IReadOnlyList<FleetCellView>?> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(cancellationToken);
        }
        catch (MeshUnavailableException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<FleetCellView>> ReadAllAsync() => [.. (await fleet.ReadAsync(CancellationToken.None)).Select(FleetCellView.Of)];

    private sealed record GoneView(string Id);
}
