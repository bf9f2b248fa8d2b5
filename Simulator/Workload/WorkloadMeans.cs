namespace InferMesh.Simulator.Workload;

/// <summary>What a workload is on average, to turn a load into a rate.</summary>
/// <param name="PromptTokens">Mean prompt tokens of a request.</param>
/// <param name="OutputTokens">Mean output tokens of a request.</param>
/// <param name="TraceRps">Requests per second as written: of the trace, of the states of an mmpp, else <c>rps</c>; 0 for a closed loop, whose rate is what comes of it.</param>
public readonly record struct WorkloadMeans(double PromptTokens, double OutputTokens, double TraceRps);
