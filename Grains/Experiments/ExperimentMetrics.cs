using System.Diagnostics.Metrics;

namespace InferMesh.Grains.Experiments;

/// <summary>Experiments, as one silo sees them.</summary>
internal static class ExperimentMetrics
{
    private static readonly Meter Meter = new("InferMesh.Experiments");
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>("infermesh.experiment.requests", "{request}", "Requests of experiments whose outcome is known, by experiment, arm and outcome.");
    private static volatile ExperimentTable s_table = ExperimentTable.Empty;

    public static readonly Counter<long> LostReports = Meter.CreateCounter<long>("infermesh.experiment.lost_reports", "{report}", "Reports of outcomes that did not reach their experiment; the next one has all that they had.");

    static ExperimentMetrics() => Meter.CreateObservableGauge(
        "infermesh.experiment.serving", static () => s_table.All.Where(static e => !e.IsPaused).Select(static e => new Measurement<int>(1, new("experiment", e.Name), new("stage", ExperimentMapping.Word(e.Stage)))), "{experiment}",
        "1 for each experiment whose arms serve, by its stage.");

    public static void Ended(string experiment, string arm, bool failed) => Requests.Add(1, new("experiment", experiment), new("arm", arm), new("outcome", failed ? "failed" : "success"));

    /// <summary>Takes the experiments in force.</summary>
    public static void Show(ExperimentTable table) => s_table = table;
}
