using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Workload;

namespace InferMesh.Tests.Unit.Simulator.Workloads;

[TestClass]
public sealed class SessionTests
{
    // llm-d's workload at 73 % of the KV cache: 150 groups of 5 users, 6,000 tokens of system prompt, 1,200 of question, 1,000 of answer.
    private static readonly SimConfig Shared = new()
    {
        DurationS = 300,
        Topology = new() { Cells = 3 },
        Workload = new()
        {
            Arrival = new() { Rps = 20 },
            Llm = new() { InTokens = new() { Value = 1200 }, OutTokens = new() { Value = 1000 } },
            Sessions = new() { Groups = 150, UsersPerGroup = 5, SystemTokens = 6000, QuestionsPerUser = 1 },
        },
    };

    private static readonly SimConfig Turns = Shared with
    {
        Workload = Shared.Workload with
        {
            Llm = new() { InTokens = new() { Value = 100 }, OutTokens = new() { Value = 50 } },
            Sessions = new() { Groups = 4, UsersPerGroup = 10, SystemTokens = 1000, MeanTurns = 4, ThinkTimeS = 5 },
        },
    };

    [TestMethod]
    public void Shared_WorkingSet_IsThatOfTheBenchmark()
    {
        var requests = Workloads.Draw(Shared with { DurationS = 2000 });
        var blocks = requests.SelectMany(r => r.Prefix.ToArray()).ToHashSet();

        Assert.IsTrue(requests.TrueForAll(r => r is { PromptTokens: 7200, OutputTokens: 1000 } && r.Prefix.Length == 450));
        Assert.AreEqual(2000 * 20, requests.Count, 1000);
        Assert.AreEqual(150 * (375 + 5 * 75), blocks.Count, "375 blocks a group and 75 a user: 1.8 million tokens");
        Assert.AreEqual(0.73, blocks.Count * 16 / (8 * 307_000.0), 0.01);
    }

    [TestMethod]
    public void Shared_UsersOfAGroup_ShareTheSystemPromptOnly()
    {
        var firsts = Workloads.Draw(Shared).Select(r => r.Prefix.ToArray()).GroupBy(b => b[374]).First(g => g.Select(b => b[375]).Distinct().Count() > 1);
        var (a, b) = (firsts.First(), firsts.First(x => x[375] != firsts.First()[375]));

        Assert.AreSequenceEqual(a.Take(375), b.Take(375));
        Assert.IsEmpty(a.Skip(375).Intersect(b.Skip(375)));
    }

    [TestMethod]
    public void Turns_CarryTheWholeConversation()
    {
        var requests = ClosedLoopTests.Serve(Turns, 1, rps: 20);
        foreach (var conversation in requests.GroupBy(r => r.Session))
        {
            var turns = conversation.OrderBy(r => r.AtNs).ToArray();
            for (var i = 0; i < turns.Length; i++)
            {
                Assert.AreEqual(1100 + i * 150, turns[i].PromptTokens);
                Assert.AreEqual(turns[i].PromptTokens / 16, turns[i].Prefix.Length);
                if (i == 0) continue;
                Assert.IsTrue(turns[i].Prefix.Span.StartsWith(turns[i - 1].Prefix.Span));
                Assert.AreEqual((turns[0].Tenant, turns[0].Cell), (turns[i].Tenant, turns[i].Cell));
            }
        }

        Assert.AreEqual(20 * 300, requests.Count, 20 * 300 * 0.1, "the rate counts later turns too");
        var means = WorkloadSource.Means(Turns);
        Assert.AreEqual(1000 + 4 * 100 + 3 * 50, means.PromptTokens, 1550 * 0.03, "the mean turn of a geometric conversation is its mean number of turns");
    }

    [TestMethod]
    public void Turns_OfALongConversation_EndAtTheLongestPrompt()
    {
        var config = Turns with { Workload = Turns.Workload with { Llm = Turns.Workload.Llm with { MaxTokens = 1300 }, Sessions = Turns.Workload.Sessions! with { MeanTurns = 50, ThinkTimeS = 0 } } };
        var requests = ClosedLoopTests.Serve(config, 0.01, rps: 20);
        Assert.AreEqual(1250, requests.Max(r => r.PromptTokens));
    }

    [TestMethod]
    public void Closed_Users_BeginAnewAfterTheLastTurn()
    {
        var config = Turns with { Workload = Turns.Workload with { Arrival = new() { Type = ArrivalType.ClosedLoop, Users = 8, ThinkTimeS = 1 } } };
        var requests = ClosedLoopTests.Serve(config, 1);

        Assert.AreEqual(300 * 8 / 2.0, requests.Count, 1200 * 0.1);
        Assert.IsGreaterThan(8, requests.Select(r => r.Session).Distinct().Count());
        Assert.HasCount(requests.Count, requests.Select(r => r.Id).Distinct());
    }

    [TestMethod]
    public void Draw_EqualSeed_GivesEqualPrefixes()
    {
        var (a, b) = (ClosedLoopTests.Serve(Turns, 1, 20), ClosedLoopTests.Serve(Turns, 1, 20));
        Assert.AreSequenceEqual(a.Select(r => (r.Id, r.AtNs, r.PromptTokens)), b.Select(r => (r.Id, r.AtNs, r.PromptTokens)));
        Assert.IsTrue(a.Zip(b).All(p => p.First.Prefix.Span.SequenceEqual(p.Second.Prefix.Span)));
    }
}
