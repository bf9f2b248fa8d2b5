namespace InferMesh.Strategies.Routing;

/// <summary>What changes about a target from reading to reading; the rest of <see cref="TargetRow"/> stays.</summary>
/// <param name="Running">See <see cref="TargetRow.Running"/>.</param>
/// <param name="Waiting">See <see cref="TargetRow.Waiting"/>.</param>
/// <param name="KvCacheUsage">See <see cref="TargetRow.KvCacheUsage"/>.</param>
/// <param name="SampledAtTicks">See <see cref="TargetRow.SampledAtTicks"/>.</param>
/// <param name="Standing">See <see cref="TargetRow.Standing"/>.</param>
/// <param name="ColdStartSeconds">See <see cref="TargetRow.ColdStartSeconds"/>.</param>
public readonly record struct TargetReading(
    double Running, double Waiting, double KvCacheUsage, long SampledAtTicks, FilterReason Standing = FilterReason.None, double ColdStartSeconds = 0);
