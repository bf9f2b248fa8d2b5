using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>Runs requests through one engine, without a router or a network.</summary>
public static class EngineReplay
{
    /// <summary>Sends every request at its own time.</summary>
    /// <param name="engine">An empty engine.</param>
    /// <param name="requests">In order of arrival, ids 0, 1, 2, ...</param>
    /// <returns>One entry per request; zeros for one that can never fit.</returns>
    public static RequestTimes[] Open(ContinuousEngine engine, IReadOnlyList<SimRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(requests);
        var times = new Times(requests);
        foreach (var request in requests)
        {
            // An arrival at the very end of a step is in time for the next one.
            while (engine.NextNs < request.AtNs)
                engine.Advance(engine.NextNs, times);
            engine.Submit(request, request.AtNs);
        }

        while (engine.NextNs < long.MaxValue)
            engine.Advance(engine.NextNs, times);
        return times.Of;
    }

    /// <summary>Keeps a number of equal requests in the engine: each is followed by another when it ends.</summary>
    /// <param name="engine">An empty engine.</param>
    /// <param name="promptTokens">Prompt tokens of each.</param>
    /// <param name="outputTokens">Output tokens of each.</param>
    /// <param name="concurrency">Requests at the same time.</param>
    /// <param name="count">Requests in all.</param>
    public static RequestTimes[] Closed(ContinuousEngine engine, int promptTokens, int outputTokens, int concurrency, int count)
    {
        ArgumentNullException.ThrowIfNull(engine);
        var requests = new SimRequest[count];
        var times = new Times(requests);
        var sent = 0;
        for (; sent < Math.Min(concurrency, count); sent++)
            Send(0);
        while (engine.NextNs < long.MaxValue)
        {
            var nowNs = engine.NextNs;
            engine.Advance(nowNs, times);
            for (; times.Finish > 0 && sent < count; times.Finish--, sent++)
                Send(nowNs);
        }

        return times.Of;

        void Send(long atNs)
        {
            requests[sent] = new SimRequest(sent, atNs, RequestType.Llm, promptTokens, outputTokens, 0, -1, 0, -1, default);
            engine.Submit(requests[sent], atNs);
        }
    }

    private sealed class Times(IReadOnlyList<SimRequest> requests) : IEngineEvents
    {
        public RequestTimes[] Of { get; } = new RequestTimes[requests.Count];

        public int Finish { get; set; }

        public void Started(int request, long atNs)
        {
        }

        public void FirstToken(int request, long atNs) => Of[request] = new RequestTimes((atNs - requests[request].AtNs) * 1e-9, 0, 0);

        public void Gaps(int request, long gapNs, int count)
        {
        }

        public void Finished(int request, long atNs)
        {
            Of[request] = Of[request] with { LastToken = (atNs - requests[request].AtNs) * 1e-9, OutputTokens = requests[request].OutputTokens };
            Finish++;
        }

        public void Preempted(int request, long atNs)
        {
        }
    }
}
