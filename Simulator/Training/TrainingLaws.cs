using System.Globalization;
using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Training;

/// <summary>What holds of every run, checked always; that no GPU is held twice is checked whenever one is taken (<see cref="JobFleet.Hold"/>).</summary>
internal static class TrainingLaws
{
    public static void Check(IReadOnlyList<SimJob> jobs, JobFleet fleet, TrainingMeter meter)
    {
        if (fleet.Held != 0) throw Laws.Broken("GPUs", string.Create(CultureInfo.InvariantCulture, $"all jobs have ended, and {fleet.Held} GPUs are held"));
        Int128 accounted = 0;
        Int128 waited = 0;
        foreach (var job in jobs)
        {
            var (account, id) = (job.Account, job.Spec.Id);
            if (job.Phase != JobPhase.Ended || account.EndedAt is not { } end || account.StartedAt is not { } start) throw Laws.Broken("End", $"job {id} has not ended");
            if (start < job.Spec.SubmittedAt || end < start || end > meter.At) throw Laws.Broken("Causality", string.Create(CultureInfo.InvariantCulture, $"job {id}: {job.Spec.SubmittedAt}, {start}, {end}, {meter.At}"));
            if (account.WaitTicks + account.PlacedTicks != end - job.Spec.SubmittedAt)
                throw Laws.Broken("Time", string.Create(CultureInfo.InvariantCulture, $"job {id} waited {account.WaitTicks} and was placed {account.PlacedTicks} of {end - job.Spec.SubmittedAt} ticks"));
            if (account.UsefulGpuTicks < 0 || account.LostGpuTicks < 0) throw Laws.Broken("Work", $"job {id} lost more than it did");
            (accounted, waited) = (accounted + account.AllGpuTicks, waited + account.WaitTicks);
        }
        // Whole numbers, so that nothing is lost in rounding.
        if (accounted != meter.HeldTicks) throw Laws.Broken("GPU time", string.Create(CultureInfo.InvariantCulture, $"jobs account for {accounted} of {meter.HeldTicks} GPU ticks that were held"));
        if (waited != meter.WaitingTicks) throw Laws.Broken("Little's", string.Create(CultureInfo.InvariantCulture, $"jobs waited {waited} ticks, the queue says {meter.WaitingTicks}"));
    }
}
