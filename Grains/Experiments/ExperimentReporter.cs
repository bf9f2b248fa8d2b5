using InferMesh.Grains.Options;
using InferMesh.Grains.Routing;
using Microsoft.Extensions.Options;

namespace InferMesh.Grains.Experiments;

/// <summary>
/// Sends all that this silo has counted for each experiment to its grain, every few seconds when there is something new and now and then when there is not: a grain that died with its silo comes
/// back by it, and time ends experiments without requests too.
/// </summary>
internal sealed partial class ExperimentReporter(
    IGrainFactory grains, RoutingTableCache cache, ILocalSiloDetails silo, IOptions<ExperimentSettings> settings, TimeProvider time, ILogger<ExperimentReporter> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // Reports that are left out while nothing is new.
    private const int MostSkipped = 4;
    private static readonly TimeSpan LastReport = TimeSpan.FromSeconds(2);

    private readonly string _silo = silo.SiloAddress.ToParsableString();
    private readonly Dictionary<string, (SiloCounts Counts, long Requests, int Skipped)> _sent = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private long _sequence;
    private bool _failing;

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(ExperimentReporter), ServiceLifecycleStage.Active,
        _ =>
        {
            // Not under the start-up token: it runs until the silo stops.
            _running = Task.Run(RunAsync, CancellationToken.None);
            return Task.CompletedTask;
        },
        async stopping =>
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // What a silo has counted since its last report would go with it.
            await ReportAsync().WaitAsync(LastReport, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(settings.Value.ReportPeriod, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!_stop.IsCancellationRequested) await ReportAsync();
        }
    }

    private async Task ReportAsync()
    {
        var experiments = cache.Current.Experiments.All;
        foreach (var gone in _sent.Keys.Where(name => experiments.All(e => e.Name != name)).ToArray()) _sent.Remove(gone);
        var due = new List<(string Name, SiloCounts Counts, long Requests, Task<bool> Sent)>();
        foreach (var experiment in experiments)
        {
            if (experiment.Counts is not { } counts) continue;
            var requests = counts.Arms.Sum(static a => a.Tally.Requests);
            if (_sent.TryGetValue(experiment.Name, out var last) && ReferenceEquals(last.Counts, counts) && last.Requests == requests && last.Skipped < MostSkipped)
                _sent[experiment.Name] = last with { Skipped = last.Skipped + 1 };
            else
                due.Add((experiment.Name, counts, requests, TrySendAsync(experiment.Name, counts, ++_sequence)));
        }
        // All at once: one that is slow to answer holds up no other.
        foreach (var (name, counts, requests, sent) in due)
        {
            if (await sent) _sent[name] = (counts, requests, 0);
        }
    }

    private async Task<bool> TrySendAsync(string experiment, SiloCounts counts, long sequence)
    {
        try
        {
            await grains.GetGrain<IExperimentOutcomes>(experiment).Take(
                new(_silo, counts.Life, sequence, counts.StartedAtTicks, [.. counts.Arms.Select(static a => a.ToWire())]));
            _failing = false;
            return true;
        }
        catch (Exception e)
        {
            ExperimentMetrics.LostReports.Add(1);
            if (!_failing) NotSent(experiment, e.Message);
            _failing = true;
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "The outcomes of experiment {Experiment} were not taken, and are sent again: {Reason}")]
    private partial void NotSent(string experiment, string reason);
}
