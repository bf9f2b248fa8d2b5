using InferMesh.Api.Calls;
using InferMesh.Tests.Unit.Api.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferMesh.Tests.Unit.Api.Calls;

[TestClass]
public sealed class GrainCallsTests
{
    private readonly GrainCalls _calls = new(new FakeMesh().Client, TimeProvider.System, NullLogger<GrainCalls>.Instance);
    private int _attempts;

    [TestMethod]
    public async Task Retry_TransientThenFine_Succeeds()
    {
        Assert.AreEqual(3, await _calls.RetryAsync(_ => ++_attempts < 3 ? throw new SiloUnavailableException() : Task.FromResult(_attempts), CancellationToken.None));
    }

    [TestMethod]
    public async Task Retry_AlwaysTransient_GivesUpAfterThree()
    {
        var e = await Assert.ThrowsExactlyAsync<MeshUnavailableException>(() => _calls.RetryAsync<int>(_ => Fail(new TimeoutException()), CancellationToken.None));
        Assert.IsInstanceOfType<TimeoutException>(e.InnerException);
        Assert.AreEqual(3, _attempts);
    }

    [TestMethod]
    public async Task Retry_NotTransient_IsNotRepeated()
    {
        await Assert.ThrowsExactlyAsync<MeshUnavailableException>(() => _calls.RetryAsync<int>(_ => Fail(new InvalidOperationException()), CancellationToken.None));
        Assert.AreEqual(1, _attempts);
    }

    [TestMethod]
    public async Task AnyRouter_OneDoesNotAnswer_AsksAnotherWithinSeconds()
    {
        var decided = await _calls.AnyRouterAsync(_ => ++_attempts == 1 ? new ValueTask<int>(new TaskCompletionSource<int>().Task) : ValueTask.FromResult(7), CancellationToken.None);
        Assert.AreEqual(7, decided);
        Assert.AreEqual(2, _attempts);
    }

    [TestMethod]
    public async Task AnyRouter_SlowOneAnswersAfterAll_ItsAnswerCounts()
    {
        var slow = new TaskCompletionSource<int>();
        var decided = await _calls.AnyRouterAsync(
            _ =>
            {
                if (++_attempts == 2) slow.SetResult(5);
                return new ValueTask<int>(_attempts == 1 ? slow.Task : new TaskCompletionSource<int>().Task);
            },
            CancellationToken.None);
        Assert.AreEqual(5, decided);
        Assert.AreEqual(2, _attempts);
    }

    [TestMethod]
    public async Task AnyRouter_AllFail_GivesUpAndSaysWhy()
    {
        var e = await Assert.ThrowsExactlyAsync<MeshUnavailableException>(() => _calls.AnyRouterAsync(_ => new ValueTask<int>(Fail(new TimeoutException())), CancellationToken.None));
        Assert.IsInstanceOfType<TimeoutException>(e.InnerException);
        Assert.AreEqual(8, _attempts);
    }

    [TestMethod]
    public async Task Once_Transient_IsNotRepeated()
    {
        await Assert.ThrowsExactlyAsync<MeshUnavailableException>(() => _calls.OnceAsync<int>(_ => Fail(new TimeoutException()), CancellationToken.None));
        Assert.AreEqual(1, _attempts);
    }

    [TestMethod]
    public async Task Retry_CallerGone_EndsAsCancelled()
    {
        using var gone = new CancellationTokenSource();
        var call = _calls.RetryAsync(_ => new TaskCompletionSource<int>().Task, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => call);
    }

    private Task<int> Fail(Exception e)
    {
        _attempts++;
        return Task.FromException<int>(e);
    }
}
