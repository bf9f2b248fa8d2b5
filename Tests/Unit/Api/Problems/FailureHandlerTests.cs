using InferMesh.Api.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Api.Problems;

/// <summary>What becomes of exceptions whose caller has left.</summary>
[TestClass]
public sealed class FailureHandlerTests
{
    [TestMethod]
    public async Task Caller_LeavesBeforeTheAnswer_IsNoFailure()
    {
        using var aborted = new CancellationTokenSource();
        await aborted.CancelAsync();
        var context = new DefaultHttpContext { RequestAborted = aborted.Token };

        Assert.IsTrue(await Handler().TryHandleAsync(context, new BadHttpRequestException("Unexpected end of request content."), CancellationToken.None));
        Assert.AreEqual(499, context.Response.StatusCode);
    }

    [TestMethod]
    public async Task Caller_LeavesWhileTheAnswerIsWritten_IsNoFailure()
    {
        using var aborted = new CancellationTokenSource();
        var context = new DefaultHttpContext { RequestAborted = aborted.Token };
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new LeavingCaller(aborted)));

        Assert.IsTrue(await Handler().TryHandleAsync(context, new BadHttpRequestException("Unexpected end of request content."), CancellationToken.None));
    }

    private static FailureHandler Handler() => new(NullLogger<FailureHandler>.Instance);

    /// <summary>A connection that ends when something is written to it.</summary>
    private sealed class LeavingCaller(CancellationTokenSource left) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await left.CancelAsync();
            throw new OperationCanceledException(left.Token);
        }
    }
}
