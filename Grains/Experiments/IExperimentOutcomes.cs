namespace InferMesh.Grains.Experiments;

/// <summary>The side of an experiment that silos report to. Key: name.</summary>
[Alias("infermesh.IExperimentOutcomes")]
internal interface IExperimentOutcomes : IGrainWithStringKey
{
    /// <summary>Takes all that a silo has counted so far. May be lost, repeated or late: only the latest of each silo counts.</summary>
    [Alias("Take")] Task Take(SiloOutcomes outcomes);
}

/// <summary>All outcomes that one silo has counted for an experiment.</summary>
/// <param name="Silo">Address of the silo, which no other process has, not even the next one in its place.</param>
/// <param name="Life">Grows each time that the silo begins to count anew.</param>
/// <param name="Sequence">Grows with each report.</param>
/// <param name="StartedAtTicks">When the experiment began, which tells it from an earlier one of its name.</param>
/// <param name="Arms">Counts of each arm, in their order.</param>
[GenerateSerializer, Immutable, Alias("infermesh.SiloOutcomes")]
internal sealed record SiloOutcomes(
    [property: Id(0)] string Silo, [property: Id(1)] long Life, [property: Id(2)] long Sequence, [property: Id(3)] long StartedAtTicks, [property: Id(4)] IReadOnlyList<OutcomeCounts> Arms);

/// <summary>Counts of one arm.</summary>
/// <param name="Requests">Requests whose outcome is known.</param>
/// <param name="Errors">Those of them that failed.</param>
/// <param name="Values">Histograms, one per measure.</param>
/// <param name="InFlight">Requests whose outcome is still to come, but for those that have counted before.</param>
/// <param name="Forever">Failed requests that would have had a value, one entry per measure; null of silos that do not count them apart.</param>
/// <param name="Fallbacks">Requests that the fallback of the arm's strategy decided.</param>
/// <param name="Again">Those of the requests that had counted before, as failed.</param>
[GenerateSerializer, Immutable, Alias("infermesh.OutcomeCounts")]
internal sealed record OutcomeCounts(
    [property: Id(0)] long Requests, [property: Id(1)] long Errors, [property: Id(2)] IReadOnlyList<StepTimes> Values, [property: Id(3)] long InFlight = 0, [property: Id(4)] long[]? Forever = null,
    [property: Id(5)] long Fallbacks = 0, [property: Id(6)] long Again = 0);

/// <summary>A histogram; what is not listed is 0.</summary>
/// <param name="Steps">Steps, in order.</param>
/// <param name="Counts">Their counts.</param>
[GenerateSerializer, Immutable, Alias("infermesh.StepTimes")]
internal sealed record StepTimes([property: Id(0)] int[] Steps, [property: Id(1)] long[] Counts);
