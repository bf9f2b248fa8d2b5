using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Workload;
using InferMesh.Simulator.Workload.Traces;
using InferMesh.Tests.Unit.Simulator.ReferenceCases;

namespace InferMesh.Tests.Unit.Simulator.Workloads.Traces;

[TestClass]
public sealed class TraceFlowTests
{
    [TestMethod]
    [DataRow("conv", 19_366, 5.530, 1.094, 1.39, 3.86, 16.1, 1154.7, 211.1)]
    [DataRow("code", 8_819, 2.567, 13.15, 13.2, 71.6, 164.0, 2047.9, 27.9)]
    public void Replay_Azure_HasItsTotalsAndBurstiness(string name, int count, double rps, double cv, double idc1, double idc10, double idc60, double prompt, double output)
    {
        if (Workloads.Data($"azure-llm-2023/{name}.csv.gz") is not { } file) return;
        var config = Workloads.Config(new() { Type = ArrivalType.Trace, File = file, Format = "azure" }, 10_000);
        var (requests, means) = (Workloads.Draw(config), WorkloadSource.Means(config));
        var times = requests.ConvertAll(r => r.AtNs / 1e9);

        Assert.HasCount(count, requests);
        Assert.AreEqual(rps, means.TraceRps, rps * 0.001);
        Assert.AreEqual(cv, Workloads.Cv(times), cv * 0.01);
        Assert.AreEqual(idc1, Workloads.Idc(times, 1, times[^1]), idc1 * 0.02);
        Assert.AreEqual(idc10, Workloads.Idc(times, 10, times[^1]), idc10 * 0.03);
        Assert.AreEqual(idc60, Workloads.Idc(times, 60, times[^1]), idc60 * 0.06);
        Assert.AreEqual(prompt, means.PromptTokens, 0.1);
        Assert.AreEqual(output, means.OutputTokens, 0.1);
    }

    [TestMethod]
    public void Replay_WithALoad_IsScaledToTheRate()
    {
        if (Workloads.Data("azure-llm-2023/conv.csv.gz") is not { } file) return;
        var config = Workloads.Config(new() { Type = ArrivalType.Trace, File = file, Format = "azure", Rho = 0.8 }, 100);
        Assert.AreEqual(100, Workloads.Draw(config, rps: 100).Count / 100.0, 15);
        Assert.AreEqual(5.53, WorkloadSource.Means(config).TraceRps, 0.01);
    }

    [TestMethod]
    public void Replay_OwnCsv_HonoursSpeedAndStart()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "arrival,prompt_tokens,output_tokens\n0,10,1\n10,20,2\n14,30,3\n90,40,4\n");
            var config = Workloads.Config(new() { Type = ArrivalType.Trace, File = path, Format = "csv", Speed = 2, StartS = 5 }, 30);
            var requests = Workloads.Draw(config);

            Assert.AreSequenceEqual([(2_500_000_000L, 20), (4_500_000_000L, 30)], requests.Select(r => (r.AtNs, r.PromptTokens)));
            Assert.AreEqual(30, WorkloadSource.Means(config).PromptTokens);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    [TestProperty(ReferenceRow.Property, "mooncake-lru-10000")]
    [DataRow(1_000, 12_845)]
    [DataRow(10_000, 61_042)]
    [DataRow(30_000, 93_977)]
    [DataRow(50_000, 102_290)]
    [DataRow(100_000, 104_924)]
    [DataRow(int.MaxValue, 105_710)]
    public void Replay_Mooncake_HitsThePrefixCacheAsOftenAsItsBlocksSay(int capacity, int expected)
    {
        if (Workloads.Data("mooncake-fast25/conversation_trace.jsonl.gz") is not { } file) return;
        // One name for each 512-token block: that of its first 16 tokens. A last block of fewer than 16 tokens has no full block, so it is named by the trace's id.
        var prompts = TraceFile.Read(file, TraceFormat.Mooncake).ConvertAll(r => (Record: r, Blocks: TraceFlow.Blocks(r)));
        var names = prompts.ConvertAll(p => Enumerable.Range(0, p.Record.PrefixBlocks!.Count)
            .Select(i => i * 32 < p.Blocks.Length ? p.Blocks.Span[i * 32] : TraceFlow.Blocks(p.Record with { PromptTokens = 512 * (i + 1) }).Span[i * 32]).ToArray());

        Assert.AreEqual(288_500, names.Sum(n => n.Length));
        Assert.AreEqual(expected, Hits(names, capacity));
    }

    [TestMethod]
    public void Blocks_EqualIds_GiveEqualNamesUpToThePromptsEnd()
    {
        var (a, b) = (TraceFlow.Blocks(new(default, 1030, 1, [7, 8, 9])), TraceFlow.Blocks(new(default, 700, 1, [7, 8])));

        Assert.AreEqual((64, 43), (a.Length, b.Length));
        Assert.IsTrue(a.Span.StartsWith(b.Span));
        Assert.HasCount(64, a.ToArray().Distinct());
    }

    // As the reference case: look up all, moving hits to the front; then insert or touch all in order; then evict from the old end.
    private static int Hits(List<ulong[]> prompts, int capacity)
    {
        var (order, nodes, hits) = (new LinkedList<ulong>(), new Dictionary<ulong, LinkedListNode<ulong>>(), 0);
        foreach (var prompt in prompts)
        {
            foreach (var name in prompt)
            {
                if (!nodes.TryGetValue(name, out var node)) continue;
                hits++;
                order.Remove(node);
                order.AddFirst(node);
            }

            foreach (var name in prompt)
            {
                if (nodes.TryGetValue(name, out var node)) order.Remove(node);
                nodes[name] = order.AddFirst(name);
            }

            for (; nodes.Count > capacity; order.RemoveLast()) nodes.Remove(order.Last!.Value);
        }

        return hits;
    }
}
