using InferMesh.Cli.Sim.Report;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Results;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace InferMesh.Cli.Sim.Progress;

/// <summary>A bar per strategy on a terminal: name, share, events per second, time left.</summary>
internal sealed class LiveProgress : ProgressView
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);
    private readonly Dictionary<string, Bar> _bars;
    private readonly CancellationTokenSource _done = new();
    private readonly Task _show;

    public LiveProgress(SimConfig config, int seeds)
    {
        _bars = config.Strategies.Select(static s => s.Name).Distinct(StringComparer.Ordinal).ToDictionary(static n => n, _ => new Bar(config.DurationS * seeds), StringComparer.Ordinal);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        _show = console.Progress().HideCompleted(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new EventsColumn(_bars), new RemainingTimeColumn())
            .StartAsync(ShowAsync);
    }

    public override void Update(RunProgress progress)
    {
        if (!_bars.TryGetValue(progress.Strategy, out var bar)) return;
        lock (bar) bar.Runs[progress.Seed] = (progress.SimulatedSeconds, progress.Events);
    }

    public override async ValueTask DisposeAsync()
    {
        await _done.CancelAsync();
        await _show;
        _done.Dispose();
        await base.DisposeAsync();
    }

    private async Task ShowAsync(ProgressContext context)
    {
        var tasks = _bars.ToDictionary(static b => b.Key, b => context.AddTask(Markup.Escape(b.Key), autoStart: false, maxValue: b.Value.SecondsInAll), StringComparer.Ordinal);
        while (true)
        {
            // Read before the figures: the last look sees all of them.
            var done = _done.IsCancellationRequested;
            foreach (var (name, bar) in _bars)
            {
                var (task, seconds) = (tasks[name], bar.Seconds());
                if (seconds > 0 && !task.IsStarted) task.StartTask();
                task.Value = seconds;
            }
            if (done) return;
            await Task.Delay(Refresh, _done.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private sealed class Bar(double secondsInAll)
    {
        public double SecondsInAll => secondsInAll;

        public Dictionary<ulong, (double Seconds, long Events)> Runs { get; } = [];

        public double Seconds()
        {
            lock (this) return Runs.Values.Sum(static r => r.Seconds);
        }

        public long Events()
        {
            lock (this) return Runs.Values.Sum(static r => r.Events);
        }
    }

    private sealed class EventsColumn(Dictionary<string, Bar> bars) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var seconds = task.ElapsedTime?.TotalSeconds ?? 0;
            var rate = seconds > 0 ? bars[Markup.Remove(task.Description)].Events() / seconds : 0;
            return new Text($"{Words.Digits(rate / 1000, 3)}k events/s").RightJustified();
        }
    }
}
