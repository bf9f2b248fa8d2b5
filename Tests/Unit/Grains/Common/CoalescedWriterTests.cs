using InferMesh.Grains.Common;

namespace InferMesh.Tests.Unit.Grains.Common;

/// <summary>The writer runs on a grain's scheduler: here, one thread at a time.</summary>
[TestClass]
public sealed class CoalescedWriterTests
{
    private readonly List<TaskCompletionSource> _writes = [];
    private readonly CoalescedWriter _writer;

    public CoalescedWriterTests() => _writer = new(() =>
    {
        _writes.Add(new());
        return _writes[^1].Task;
    });

    [TestMethod]
    public void WriteAsync_ManyWhileOneRuns_ShareTheNext()
    {
        var first = _writer.WriteAsync();
        Task[] later = [_writer.WriteAsync(), _writer.WriteAsync(), _writer.WriteAsync()];
        Assert.HasCount(1, _writes);
        _writes[0].SetResult();
        Assert.IsTrue(first.IsCompletedSuccessfully);
        Assert.HasCount(2, _writes);
        Assert.IsFalse(later.Any(t => t.IsCompleted), "the write that ran began before these changes");
        _writes[1].SetResult();
        Assert.IsTrue(later.All(t => t.IsCompletedSuccessfully));
    }

    [TestMethod]
    public void WriteAsync_WhileTheSharedOneRuns_WaitsForOneMore()
    {
        _ = _writer.WriteAsync();
        _ = _writer.WriteAsync();
        _writes[0].SetResult();
        var third = _writer.WriteAsync();
        _writes[1].SetResult();
        Assert.HasCount(3, _writes);
        Assert.IsFalse(third.IsCompleted);
        _writes[2].SetResult();
        Assert.IsTrue(third.IsCompletedSuccessfully);
    }

    [TestMethod]
    public void WriteAsync_WriteFails_FailsItsCallersOnly()
    {
        var first = _writer.WriteAsync();
        var second = _writer.WriteAsync();
        _writes[0].SetException(new InvalidOperationException("disk"));
        Assert.IsTrue(first.IsFaulted);
        Assert.HasCount(2, _writes);
        _writes[1].SetResult();
        Assert.IsTrue(second.IsCompletedSuccessfully);
        _ = _writer.WriteAsync();
        Assert.HasCount(3, _writes);
    }

    [TestMethod]
    public void WriteAsync_OneAfterTheOther_WritesEachTime()
    {
        for (var i = 0; i < 3; i++)
        {
            var write = _writer.WriteAsync();
            _writes[i].SetResult();
            Assert.IsTrue(write.IsCompletedSuccessfully);
        }
        Assert.HasCount(3, _writes);
    }
}
