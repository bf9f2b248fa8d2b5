using System.Diagnostics.Metrics;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Common;

namespace InferMesh.Grains.Jobs;

/// <summary>Figures of training jobs.</summary>
internal static class JobMetrics
{
    private static readonly Meter Meter = new("InferMesh.Grains.Jobs");
    private static readonly Counter<long> Events = Meter.CreateCounter<long>("infermesh.job.events", "{event}", "Events of training jobs, by kind.");
    private static readonly Histogram<double> PlanSeconds = Meter.CreateHistogram<double>("infermesh.job.plan.duration", "s", "Time of one plan of the scheduler.");
    private static readonly Counter<long> Claims = Meter.CreateCounter<long>("infermesh.job.claims", "{claim}", "Claims on the capacity ledgers, by outcome.");
    private const string FleetMeter = "InferMesh.Fleet";

    // The state is a label of one gauge alone: on the others it would begin a new series at each change.
    private static readonly ChurningGauges States = new(FleetMeter, static (meter, gauges) =>
        meter.CreateObservableGauge("infermesh.job.state", () => gauges.Seen(Of(static _ => 1, hasState: true)), "{job}", "1 for each job that has GPUs, with its state as a label."));

    private static readonly ChurningGauges Figures = new(FleetMeter, static (meter, gauges) =>
    {
        meter.CreateObservableGauge("infermesh.job.workers", static () => Of(static j => j.Placement?.Workers), "{worker}", "Workers of each job that has GPUs.");
        meter.CreateObservableGauge("infermesh.job.step", () => gauges.Seen(Of(static j => j.Progress.Step)), "{step}", "Last step that each job that has GPUs has told of.");
        meter.CreateObservableGauge("infermesh.job.step_duration", static () => Of(static j => j.Progress.StepSeconds), "s", "Time of a step of each job that has GPUs, moving mean.");
        meter.CreateObservableGauge("infermesh.job.checkpoint_step", static () => Of(static j => j.Progress.CheckpointStep), "{step}", "Step of the last checkpoint of each job that has GPUs and one.");
        meter.CreateObservableGauge("infermesh.job.restarts", static () => Of(static j => j.Progress.Restarts), "{restart}", "Restarts of each job that has GPUs after failures of its own.");
    });

    private static long s_waiting;
    private static MeshJob[] s_placed = [];

    static JobMetrics()
    {
        Meter.CreateObservableGauge("infermesh.job.waiting", static () => Volatile.Read(ref s_waiting), "{job}", "Jobs that wait for a place.");
        Meter.CreateObservableGauge("infermesh.job.placed", static () => Volatile.Read(ref s_placed).Length, "{job}", "Jobs that have GPUs.");
    }

    public static void Happened(string kind) => Events.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public static void Claimed(bool accepted) => Claims.Add(1, new KeyValuePair<string, object?>("outcome", accepted ? "accepted" : "refused"));

    /// <summary>A plan of all jobs; those with a place are shown until the next one, or until <see cref="Ended"/>.</summary>
    public static void Planned(TimeSpan took, int waiting, IReadOnlyCollection<MeshJob> placed)
    {
        PlanSeconds.Record(took.TotalSeconds);
        Volatile.Write(ref s_waiting, waiting);
        Volatile.Write(ref s_placed, [.. placed]);
        States.Refresh();
        Figures.Refresh();
    }

    /// <summary>Somebody else plans now.</summary>
    public static void Ended()
    {
        Volatile.Write(ref s_waiting, 0);
        Volatile.Write(ref s_placed, []);
    }

    private static IEnumerable<Measurement<double>> Of(Func<MeshJob, double?> value, bool hasState = false)
    {
        foreach (var job in Volatile.Read(ref s_placed))
        {
            if (value(job) is not { } number) continue;
            KeyValuePair<string, object?>[] labels = [new("job_id", job.Id), new("job_name", job.Spec.Name), new("tenant", job.Spec.Tenant)];
            yield return new(number, hasState ? [.. labels, new("state", job.State.ToString().ToLowerInvariant())] : labels);
        }
    }
}
