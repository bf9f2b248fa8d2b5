using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload;

namespace InferMesh.Tests.Unit.Simulator.Workloads;

[TestClass, DoNotParallelize]
public sealed class WorkloadSourceTests
{
    private static readonly SimConfig Mixed = new()
    {
        DurationS = 200,
        Topology = new() { Cells = 4 },
        SloClasses = [new("fast", 0.3, 1), new("slow", 0.7, 10)],
        Workload = new() { Arrival = new() { Rps = 100 }, Mix = new(0.5, 0.3, 0.2), Tenants = new() { Count = 50, ZipfS = 1.1 } },
    };

    [TestMethod]
    public void TryNext_EqualSeed_GivesEqualRequests() => Assert.AreSequenceEqual(Workloads.Draw(Mixed), Workloads.Draw(Mixed));

    [TestMethod]
    public void TryNext_AnotherSeed_GivesOthers() => Assert.AreNotEqual(Workloads.Draw(Mixed)[0], Workloads.Draw(Mixed with { Seed = 43 })[0]);

    [TestMethod]
    public void TryNext_IsOrderedNumberedAndInRange()
    {
        var requests = Workloads.Draw(Mixed);

        Assert.AreEqual(20_000, requests.Count, 500);
        for (var i = 0; i < requests.Count; i++)
        {
            var r = requests[i];
            Assert.AreEqual(i, r.Id);
            Assert.IsTrue(r is { PromptTokens: >= 1, OutputTokens: >= 1, Tenant: >= 0 and < 50, SloClass: 0 or 1, Cell: >= 0 and < 4, Session: -1 });
            Assert.IsTrue(i == 0 || r.AtNs >= requests[i - 1].AtNs);
        }

        Assert.AreEqual(0.3, requests.Count(r => r.Type == RequestType.Vision) / (double)requests.Count, 0.02);
        Assert.AreEqual(0.7, requests.Count(r => r.SloClass == 1) / (double)requests.Count, 0.02);
    }

    [TestMethod]
    public void TryNext_ChangeOfOneConcern_MovesNoOther()
    {
        var before = Workloads.Draw(Mixed);
        var after = Workloads.Draw(Mixed with
        {
            Workload = Mixed.Workload with { Tenants = new() { Count = 9 }, Llm = new() { OutTokens = new() { Value = 5 } } },
            SloClasses = [new("one", 1, 1)],
        });

        Assert.AreSequenceEqual(before.Select(r => (r.AtNs, r.Type, r.PromptTokens, r.Cell)), after.Select(r => (r.AtNs, r.Type, r.PromptTokens, r.Cell)));
    }

    [TestMethod]
    public void TryNext_DurationOfTheWorkload_EndsArrivals()
    {
        var last = Workloads.Draw(Mixed with { Workload = Mixed.Workload with { DurationS = 20 } })[^1];
        Assert.IsTrue(last.AtNs is > 19_000_000_000 and < 20_000_000_000);
    }

    [TestMethod]
    public void TryNext_Poisson_AllocatesNothing()
    {
        var source = WorkloadSource.Open(Mixed, 100);
        for (var i = 0; i < 1000; i++) source.TryNext(out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++) source.TryNext(out _);

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    public void Means_OfAMix_AreThoseOfItsRequests()
    {
        var config = Mixed with { DurationS = 2000 };
        var (means, requests) = (WorkloadSource.Means(config), Workloads.Draw(config));

        Assert.AreEqual(requests.Average(r => (double)r.PromptTokens), means.PromptTokens, means.PromptTokens * 0.02);
        Assert.AreEqual(requests.Average(r => (double)r.OutputTokens), means.OutputTokens, means.OutputTokens * 0.02);
        Assert.AreEqual(100, means.TraceRps);
    }
}
