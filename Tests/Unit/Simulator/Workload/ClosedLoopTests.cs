using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;

namespace InferMesh.Tests.Unit.Simulator.Workloads;

[TestClass]
public sealed class ClosedLoopTests
{
    private static readonly SimConfig Config = Workloads.Config(new() { Type = ArrivalType.ClosedLoop, Users = 20, ThinkTimeS = 2 }, 500);

    [TestMethod]
    public void Completed_AfterThinking_EachUserAsksAgain()
    {
        // 20 users, 1 s of service, 2 s of thinking: 20 / 3 requests per second.
        var requests = Serve(Config, 1);

        Assert.AreEqual(500 * 20 / 3.0, requests.Count, 500 * 20 / 3.0 * 0.05);
        Assert.HasCount(requests.Count, requests.Select(r => r.Id).Distinct());
        Assert.IsTrue(requests.TrueForAll(r => r.AtNs < 500_000_000_000));
    }

    [TestMethod]
    public void Completed_SlowerAnswers_ChangeTimesButNotWhatIsAsked()
    {
        var config = Config with { Workload = Config.Workload with { Arrival = Config.Workload.Arrival with { Users = 1 } } };
        var (fast, slow) = (Serve(config, 0.1), Serve(config, 3));

        Assert.IsLessThan(fast.Count, slow.Count);
        Assert.AreSequenceEqual(fast.Take(slow.Count).Select(r => (r.PromptTokens, r.OutputTokens)), slow.Select(r => (r.PromptTokens, r.OutputTokens)));
    }

    [TestMethod]
    public void Completed_Unknown_SchedulesNothing() =>
        WorkloadSource.Open(Config, 1).Completed(new(999, 0, RequestType.Llm, 1, 1, 0, -1, 0, -1, default), 0, _ => Assert.Fail());

    /// <summary>Answers every request after the same time.</summary>
    internal static List<SimRequest> Serve(SimConfig config, double serviceSeconds, double rps = 1)
    {
        var source = WorkloadSource.Open(config, rps);
        var queue = new PriorityQueue<SimRequest, (long, int)>();
        var all = new List<SimRequest>();
        while (source.TryNext(out var request)) Take(request);
        while (queue.TryDequeue(out var done, out var at)) source.Completed(done, at.Item1, Take);
        return all;

        void Take(SimRequest request)
        {
            all.Add(request);
            queue.Enqueue(request, (request.AtNs + (long)(serviceSeconds * 1e9), request.Id));
        }
    }
}
