using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using InferMesh.Api.Ingress.Runtimes;
using InferMesh.Grains.Abstractions.Routing;
using Microsoft.Extensions.Primitives;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>What one attempt works on.</summary>
/// <param name="Context">The client's request.</param>
/// <param name="Body">Its body.</param>
/// <param name="RequestId">Its id.</param>
/// <param name="Stamp">Sets the mesh's own headers just before the answer starts.</param>
/// <param name="Elapsed">Time since the request began.</param>
internal readonly record struct ForwardJob(HttpContext Context, ReadOnlyMemory<byte> Body, string RequestId, Action<HttpContext> Stamp, Func<TimeSpan> Elapsed)
{
    /// <summary>Model that is asked for; for traces.</summary>
    public string Model { get; init; } = "";
}

/// <summary>Sends requests to runtimes and streams answers back.</summary>
internal sealed class Forwarder(RuntimeClient runtimes, IngressMetrics metrics)
{
    /// <summary>
    /// Sends the request to one runtime and waits for the first byte of its answer. The client gets nothing, not even the status, before <see cref="RelayAsync"/>: until then another
    /// target may still answer.
    /// </summary>
    /// <param name="job">The request.</param>
    /// <param name="target">The target.</param>
    /// <param name="stop">Ends with the client, with the request's time, or because nobody wants this answer any more.</param>
    public async Task<OpenAnswer> OpenAsync(ForwardJob job, RouteTarget target, CancellationToken stop)
    {
        var answer = new OpenAnswer(target, job.Elapsed());
        if (!RuntimeUrl.TryBuild(target.Endpoint, job.Context.Request.Path, job.Context.Request.QueryString.Value ?? "", out var url)) return answer.Failed(new(AttemptEnd.Failed, "bad_endpoint"));
        answer.Span = UpstreamSpan.Start(job, target, url);
        try
        {
            var response = await runtimes.SendAsync(job.Context, url, job.Body, job.RequestId, stop);
            answer.Took(response);
            // The runtime did not take the request on: nothing is lost by asking another one.
            if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
                return answer.Failed(new(AttemptEnd.Failed, $"status_{(int)response.StatusCode}", (int)response.StatusCode, response.Headers.RetryAfter?.Delta));
        }
        // A connection that is reset as soon as it is made is a bare SocketException.
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            return answer.Failed(stop.IsCancellationRequested ? Stopped(job) : new(AttemptEnd.Failed, Reason(e)));
        }
        try
        {
            await answer.ReadFirstAsync(job.Elapsed, stop);
            return answer;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return answer.Failed(stop.IsCancellationRequested ? Stopped(job) : answer.Result(AttemptEnd.Failed, "reset"));
        }
    }

    /// <summary>Streams an answer to the client. <paramref name="deadline"/> ends with the client or with the request's time.</summary>
    public async Task<AttemptResult> RelayAsync(ForwardJob job, OpenAnswer answer, CancellationToken deadline)
    {
        if (answer.Failure is { } failure) return failure;
        try
        {
            var writer = job.Context.Response.BodyWriter;
            CopyHead(job, answer.Response);
            job.Context.Response.StatusCode = (int)answer.Response.StatusCode;
            job.Stamp(job.Context);
            writer.Write(answer.First);
            var length = answer.First.Length;
            await writer.FlushAsync(deadline);
            while (length > 0)
            {
                var memory = writer.GetMemory();
                length = await answer.ReadAsync(memory, deadline);
                writer.Advance(length);
                if (length > 0 && (await writer.FlushAsync(deadline)).IsCompleted) return answer.Result(AttemptEnd.Cancelled, "client_gone");
            }
            return answer.Result(AttemptEnd.Delivered, "");
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            var result = deadline.IsCancellationRequested ? Stopped(job) : new(job.Context.Response.HasStarted ? AttemptEnd.Broken : AttemptEnd.Failed, "reset");
            // What was sent looks complete unless the connection breaks visibly.
            if (job.Context.Response.HasStarted) job.Context.Abort();
            return answer.Result(result.End, result.Reason);
        }
    }

    private void CopyHead(ForwardJob job, HttpResponseMessage response)
    {
        var connection = response.Headers.NonValidated.TryGetValues("Connection", out var named) ? named.ToString() : null;
        Copy(response.Headers.NonValidated, job.Context.Response.Headers, connection);
        Copy(response.Content.Headers.NonValidated, job.Context.Response.Headers, connection);
    }

    private void Copy(HttpHeadersNonValidated from, IHeaderDictionary to, string? connection)
    {
        foreach (var (name, values) in from)
        {
            if (!HeaderRules.ForwardsToClient(name, connection)) continue; // Ends here by the rules of HTTP.
            foreach (var value in values)
            {
                if (HeaderRules.IsLegal(value)) to[name] = StringValues.Concat(to[name], value);
                else metrics.HeaderDropped();
            }
        }
    }

    private static AttemptResult Stopped(ForwardJob job) =>
        job.Context.RequestAborted.IsCancellationRequested ? new(AttemptEnd.Cancelled, "client_gone") : new(AttemptEnd.TimedOut, "timeout");

    private static string Reason(Exception e) => e switch
    {
        _ when RuntimeConnector.IsRefusal(e) => RuntimeConnector.Reason,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => "connect",
        SocketException or OperationCanceledException => "connect",
        _ => "reset",
    };
}
