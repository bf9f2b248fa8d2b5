using System.Diagnostics.Metrics;

namespace InferMesh.Grains.Jobs;

/// <summary>Figures of training jobs.</summary>
internal static class JobMetrics
{
    private static readonly Meter Meter = new("InferMesh.Grains.Jobs");
    private static readonly Counter<long> Events = Meter.CreateCounter<long>("infermesh.job.events", "{event}", "Events of training jobs, by kind.");
    private static readonly Histogram<double> PlanSeconds = Meter.CreateHistogram<double>("infermesh.job.plan.duration", "s", "Time of one plan of the scheduler.");
    private static readonly Counter<long> Claims = Meter.CreateCounter<long>("infermesh.job.claims", "{claim}", "Claims on the capacity ledgers, by outcome.");
    private static long s_waiting;
    private static long s_placed;

    static JobMetrics()
    {
        Meter.CreateObservableGauge("infermesh.job.waiting", static () => Volatile.Read(ref s_waiting), "{job}", "Jobs that wait for a place.");
        Meter.CreateObservableGauge("infermesh.job.placed", static () => Volatile.Read(ref s_placed), "{job}", "Jobs that have GPUs.");
    }

    public static void Happened(string kind) => Events.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public static void Claimed(bool accepted) => Claims.Add(1, new KeyValuePair<string, object?>("outcome", accepted ? "accepted" : "refused"));

    public static void Planned(TimeSpan took, int waiting, int placed)
    {
        PlanSeconds.Record(took.TotalSeconds);
        Volatile.Write(ref s_waiting, waiting);
        Volatile.Write(ref s_placed, placed);
    }
}
