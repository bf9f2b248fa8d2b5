using System.Security.Cryptography;
using System.Text;
using InferMesh.Api.Calls;
using InferMesh.Api.Ingress.Requests;
using InferMesh.Grains.Abstractions.Idempotency;

namespace InferMesh.Api.Ingress.Idempotency;

/// <summary>
/// Requests that carry an Idempotency-Key run once: a try that comes while the first one runs is told so, and one that comes later gets the first one's answer. Only answers that
/// succeeded and are short enough are kept; after any other one the next try runs.
/// </summary>
internal sealed class IdempotentRequests(GrainCalls calls)
{
    private const int MaxKeyLength = 255;
    private static readonly TimeSpan Shortly = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LastPause = TimeSpan.FromMilliseconds(320);

    /// <summary>Runs a request, or answers it without running it. Returns the name of the outcome, for metrics.</summary>
    /// <param name="context">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="tenant">Its tenant; "" when none.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="run">Runs it.</param>
    public async Task<string> RunAsync(HttpContext context, ReadOnlyMemory<byte> body, string tenant, TimeSpan limit, Func<Task<string>> run)
    {
        var key = context.Request.Headers[RequestHeaders.IdempotencyKey].ToString();
        if (key.Length == 0) return await run();
        if (key.Length > MaxKeyLength || key.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0)
        {
            await OpenAiError.BadRequest(new($"The header {RequestHeaders.IdempotencyKey} must have at most {MaxKeyLength} printable ASCII characters.", RequestHeaders.IdempotencyKey, "invalid_value")).WriteAsync(context);
            return "invalid";
        }
        var fingerprint = Fingerprint(context, body.Span);
        var id = IdempotencyKeys.Of(tenant, key);
        IdempotencyResult result;
        try
        {
            result = await BeginAsync(id, fingerprint, limit, context.RequestAborted);
        }
        catch (MeshUnavailableException)
        {
            await OpenAiError.Unavailable("The cluster did not answer.", "cluster_unavailable").WriteAsync(context);
            return "cluster_unavailable";
        }
        switch (result)
        {
            case { State: IdempotencyState.Run }:
                return await RunOnceAsync(context, id, fingerprint, run);
            case { State: IdempotencyState.Answered, Answer: { } answer }:
                await ReplayAsync(context, answer);
                return "replayed";
            case { State: IdempotencyState.Mismatch }:
                await OpenAiError.KeyReused().WriteAsync(context);
                return "invalid";
            default:
                await OpenAiError.KeyInUse(Shortly).WriteAsync(context);
                return "in_progress";
        }
    }

    /// <summary>Asks to run. A client that has just read an answer to its end may be here before that is kept.</summary>
    private async Task<IdempotencyResult> BeginAsync(string id, string fingerprint, TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause *= 2)
        {
            var result = await calls.OnceAsync(g => g.GetGrain<IIdempotencyGrain>(id).Begin(fingerprint, limit), cancellationToken);
            if (result.State != IdempotencyState.Running || pause > LastPause) return result;
            await Task.Delay(pause, cancellationToken);
        }
    }

    private async Task<string> RunOnceAsync(HttpContext context, string id, string fingerprint, Func<Task<string>> run)
    {
        var original = context.Response.Body;
        var kept = new KeptBody(original, IdempotencyKeys.MaxAnswerBytes);
        context.Response.Body = kept;
        StoredAnswer? answer = null;
        try
        {
            var outcome = await run();
            await context.Response.BodyWriter.FlushAsync();
            if (outcome == "success" && kept.Bytes is { } bytes)
                answer = new(context.Response.StatusCode, context.Response.ContentType ?? "", bytes, context.Response.Headers[RequestHeaders.Node].ToString());
            return outcome;
        }
        finally
        {
            context.Response.Body = original;
            await EndAsync(id, fingerprint, answer);
        }
    }

    private async Task EndAsync(string id, string fingerprint, StoredAnswer? answer)
    {
        try
        {
            await calls.OnceAsync(g => answer is null ? g.GetGrain<IIdempotencyGrain>(id).Abandon(fingerprint) : g.GetGrain<IIdempotencyGrain>(id).Complete(fingerprint, answer), CancellationToken.None);
        }
        catch (MeshUnavailableException)
        {
            // The lease ends it: until then the next try is told that this one runs.
        }
    }

    private static async Task ReplayAsync(HttpContext context, StoredAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        if (answer.ContentType.Length > 0) response.ContentType = answer.ContentType;
        response.Headers[RequestHeaders.Replayed] = "true";
        if (answer.NodeId.Length > 0) response.Headers[RequestHeaders.Node] = answer.NodeId;
        response.ContentLength = answer.Body.Length;
        await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static string Fingerprint(HttpContext context, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}\n"));
        hash.AppendData(body);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
