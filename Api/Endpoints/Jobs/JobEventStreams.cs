using System.Globalization;
using System.Text.Json;
using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Events;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Jobs;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>Server-sent events that follow a job until it, the caller or the host ends.</summary>
internal sealed class JobEventStreams(OwnReader own, TimeProvider time, IHostApplicationLifetime lifetime, IOptions<JsonOptions> json)
{
    private const int PageSize = 256;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    /// <summary>Streams events after a sequence number.</summary>
    public async Task WriteAsync(HttpContext context, MeshJob job, long after)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            SseResponse.Begin(context.Response);
            await context.Response.WriteAsync(": events\n\n", ends.Token);
            await FollowAsync(context.Response, context.Caller(), job, after, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The caller went away, or the host stops.
        }
    }

    private async Task FollowAsync(HttpResponse response, Caller caller, MeshJob job, long after, CancellationToken cancellationToken)
    {
        var lastWrite = time.GetTimestamp();
        while (caller.Stands(time.GetUtcNow()))
        {
            var page = await TryAsync(() => own.JobEventsAsync(caller, job.Id, after, PageSize, cancellationToken), cancellationToken);
            if (page.Truncated) await response.WriteAsync("event: truncated\ndata: {\"detail\":\"older events are no longer kept\"}\n\n", cancellationToken);
            foreach (var happened in page.Events ?? [])
            {
                await WriteAsync(response, happened, cancellationToken);
                after = happened.Sequence;
                if (happened.State.IsTerminal()) return;
            }
            if (page.Events is { Count: > 0 })
            {
                lastWrite = time.GetTimestamp();
                await response.Body.FlushAsync(cancellationToken);
                continue;
            }
            // A caller that has all events of a job that has ended waits for nothing.
            if (page.Events is not null && job.State.IsTerminal()) return;
            if (time.GetElapsedTime(lastWrite) >= Heartbeat)
            {
                await response.WriteAsync(": heartbeat\n\n", cancellationToken);
                lastWrite = time.GetTimestamp();
            }
            await response.Body.FlushAsync(cancellationToken);
            var version = job.Version;
            job = await TryAsync(() => own.NewerAsync(caller, job.Id, version, Poll, cancellationToken), cancellationToken) ?? job;
        }
        await SseResponse.EndAsync(response, cancellationToken);
    }

    private Task WriteAsync(HttpResponse response, JobEvent happened, CancellationToken cancellationToken)
    {
        var data = JsonSerializer.Serialize(JobEventView.Of(happened), json.Value.SerializerOptions);
        return response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"id: {happened.Sequence}\nevent: {happened.Kind}\ndata: {data}\n\n"), cancellationToken);
    }

    /// <summary>What a call gives, or nothing when the cluster does not answer: the job comes back with another silo, and the stream goes on where it was.</summary>
    private async Task<T?> TryAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (MeshUnavailableException)
        {
            await Task.Delay(PauseAfterFailure, time, cancellationToken);
            return default;
        }
    }
}
