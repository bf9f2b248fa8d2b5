using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>What one attempt works on.</summary>
/// <param name="Context">The client's request.</param>
/// <param name="Body">Its body.</param>
/// <param name="RequestId">Its id.</param>
/// <param name="Stamp">Sets the mesh's own headers just before the answer starts.</param>
/// <param name="Elapsed">Time since the request began.</param>
internal readonly record struct ForwardJob(HttpContext Context, ReadOnlyMemory<byte> Body, string RequestId, Action<HttpContext> Stamp, Func<TimeSpan> Elapsed);

/// <summary>One attempt: sends the request to one runtime and streams the answer back.</summary>
internal sealed class Forwarder(RuntimeClient runtimes, IngressMetrics metrics)
{
    private const int FirstReadBytes = 16 * 1024;

    /// <summary>Runs the attempt. <paramref name="deadline"/> ends with the client or with the request's time.</summary>
    public async Task<AttemptResult> ForwardAsync(ForwardJob job, Uri url, CancellationToken deadline)
    {
        HttpResponseMessage response;
        try
        {
            response = await runtimes.SendAsync(job.Context, url, job.Body, job.RequestId, deadline);
        }
        catch (Exception e) when (deadline.IsCancellationRequested && e is OperationCanceledException or HttpRequestException or IOException)
        {
            return Stopped(job);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return new(AttemptEnd.Failed, Reason(e));
        }

        using (response)
        {
            var status = (int)response.StatusCode;
            // The runtime did not take the request on: nothing is lost by asking another one.
            if (response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
                return new(AttemptEnd.Failed, $"status_{status}", status, RetryAfter(response.Headers.RetryAfter));
            return await AnswerAsync(job, response, deadline);
        }
    }

    private async Task<AttemptResult> AnswerAsync(ForwardJob job, HttpResponseMessage response, CancellationToken deadline)
    {
        var status = (int)response.StatusCode;
        var first = ArrayPool<byte>.Shared.Rent(FirstReadBytes);
        var tokens = OutputTally.For(response.Content.Headers);
        TimeSpan? firstByte = null;
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(deadline);
            // The client gets nothing, not even the status, before the first byte is here: until then another target may still answer.
            var length = await stream.ReadAsync(first, deadline);
            if (length > 0) firstByte = job.Elapsed();
            tokens.Add(first.AsSpan(0, length));

            var writer = job.Context.Response.BodyWriter;
            CopyHead(job, response);
            job.Context.Response.StatusCode = status;
            job.Stamp(job.Context);
            writer.Write(first.AsSpan(0, length));
            await writer.FlushAsync(deadline);
            while (length > 0)
            {
                var memory = writer.GetMemory();
                length = await stream.ReadAsync(memory, deadline);
                tokens.Add(memory.Span[..length]);
                writer.Advance(length);
                if (length > 0 && (await writer.FlushAsync(deadline)).IsCompleted) return Answer(AttemptEnd.Cancelled, "client_gone");
            }
            return Answer(AttemptEnd.Delivered, "");
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            var result = deadline.IsCancellationRequested ? Stopped(job) : new(job.Context.Response.HasStarted ? AttemptEnd.Broken : AttemptEnd.Failed, "reset");
            // What was sent looks complete unless the connection breaks visibly.
            if (job.Context.Response.HasStarted) job.Context.Abort();
            return Answer(result.End, result.Reason);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(first);
        }

        AttemptResult Answer(AttemptEnd end, string reason) => new(end, reason, status, null, firstByte, tokens.IsStream, tokens.Tokens);
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
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => "connect",
        OperationCanceledException => "connect",
        _ => "reset",
    };

    private static TimeSpan? RetryAfter(RetryConditionHeaderValue? value) => value?.Delta;
}
