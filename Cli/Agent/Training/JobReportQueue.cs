using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Training;

/// <summary>Reports of one job that are not sent yet: in order, of steps the newest only and at most one a second. Not thread safe.</summary>
internal sealed class JobReportQueue(TimeProvider time)
{
    public static readonly TimeSpan StepPause = TimeSpan.FromSeconds(1);
    private readonly Queue<Entry> _entries = new();
    private Entry? _step;
    private long? _stepSentAt;
    private bool _sending;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether nothing is known here that a new queue would not know.</summary>
    public bool IsQuiet => !_sending && (_stepSentAt is not { } sent || time.GetElapsedTime(sent) >= StepPause);

    /// <summary>Adds a report.</summary>
    /// <returns>What ends when it is done with, and whether nobody is sending: the caller then begins to.</returns>
    public (Task Taken, bool Idle) Add(ReportJobRequest report)
    {
        var entry = new Entry(report, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (report.Kind == JobReportKind.Step)
        {
            _step?.Taken.TrySetResult();
            _step = entry;
        }
        else
        {
            // What follows a step is told after it.
            if (_step is { } before) _entries.Enqueue(before);
            _step = null;
            _entries.Enqueue(entry);
        }

        Interlocked.Exchange(ref _news, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        var idle = !_sending;
        _sending = true;
        return (entry.Taken.Task, idle);
    }

    /// <summary>What to send now, or how long to wait, or that there is nothing.</summary>
    public Turn Next()
    {
        if (_entries.TryPeek(out var first))
            return new(first.Report, default, Task.CompletedTask, IsIdle: false);
        if (_step is { } step)
        {
            var wait = _stepSentAt is { } sent ? StepPause - time.GetElapsedTime(sent) : TimeSpan.Zero;
            if (wait > TimeSpan.Zero)
                return new(null, wait, _news.Task, IsIdle: false);
            // Out of reach of newer ones: they may be told after it, never instead while it is on its way.
            _step = null;
            _entries.Enqueue(step);
            return new(step.Report, default, Task.CompletedTask, IsIdle: false);
        }

        _sending = false;
        return new(null, default, Task.CompletedTask, IsIdle: true);
    }

    /// <summary>A report is done with.</summary>
    public void Sent(ReportJobRequest report)
    {
        var entry = _entries.Dequeue();
        if (!ReferenceEquals(entry.Report, report))
            throw new InvalidOperationException("Reports are sent in order.");
        if (report.Kind == JobReportKind.Step) _stepSentAt = time.GetTimestamp();
        entry.Taken.TrySetResult();
    }

    /// <summary>What to do next.</summary>
    /// <param name="Report">Report to send; null to wait.</param>
    /// <param name="Wait">How long.</param>
    /// <param name="News">Ends when something was added before that.</param>
    /// <param name="IsIdle">There is nothing to send, and nobody sends any more.</param>
    public readonly record struct Turn(ReportJobRequest? Report, TimeSpan Wait, Task News, bool IsIdle);

    private sealed record Entry(ReportJobRequest Report, TaskCompletionSource Taken);
}
