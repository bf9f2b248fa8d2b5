using InferMesh.Adapters.Comm.Nccl;

namespace InferMesh.Tests.Unit.Adapters.Comm;

[TestClass]
public sealed class NcclLogTests
{
    // Made by hand in the form of NCCL 2.12 to 2.26: two nodes of two GPUs.
    internal const string Handmade = """
        node-a:100:100 [0] NCCL INFO NCCL version 2.26.2+cuda12.2
        node-a:100:120 [0] NCCL INFO Using network IB
        node-a:100:120 [0] NCCL INFO ncclCommInitRank comm 0x5581e0 rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 1000 commId 0x9f3 - Init START
        node-a:100:120 [0] NCCL INFO NVLS multicast support is available on dev 0 (NVLS_NCHANNELS 16)
        node-a:100:120 [0] NCCL INFO Channel 00/02 :    0   1   2   3
        node-a:100:120 [0] NCCL INFO Channel 01/02 :    0   3   2   1
        node-a:100:120 [0] NCCL INFO Trees [0] 1/2/-1->0->-1 [1] -1/-1/-1->0->1
        node-a:100:120 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM/read
        [1,1]<stdout>:node-a:101:121 [1] NCCL INFO Channel 00/0 : 1[1] -> 2[0] [send] via NET/IB/0/GDRDMA
        node-b:200:220 [0] NCCL INFO Channel 00/0 : 1[1] -> 2[0] [receive] via NET/IB/0/GDRDMA
        node-b:200:220 [0] NCCL INFO Channel 01 : 2[b1000] -> 3[b2000] via SHM/direct/direct
        node-b:201:221 [1] NCCL INFO Channel 01/0 : 3[1] -> 0[0] [send] via NET/Socket/0
        node-a:100:120 [0] NCCL INFO 2 coll channels, 2 collnet channels, 0 nvls channels, 2 p2p channels, 2 p2p channels per peer
        node-a:100:120 [0] NCCL INFO ncclCommInitRank comm 0x5581e0 rank 0 nranks 4 cudaDev 0 nvmlDev 0 busId 1000 commId 0x9f3 - Init COMPLETE
        node-b:201:221 [1] NCCL INFO comm 0x6681e0 rank 3 nranks 4 cudaDev 1 busId b2000 - Init COMPLETE

        node-b:201:230 [1] misc/socket.cc:484 NCCL WARN socketStartConnect: Connect to 10.0.0.5<44513> failed : Software caused connection abort
        node-b:201:230 [1] NCCL INFO misc/socket.cc:567 -> 2
        an unrelated line
        """;

    [TestMethod]
    public void Parse_WholeLog_HasRingsTreesChannelsAndTransports()
    {
        var log = NcclLog.Parse(Handmade);
        CollectionAssert.AreEqual(new[] { "2.26.2+cuda12.2" }, log.Versions.ToArray());
        CollectionAssert.AreEqual(new[] { "node-a", "node-b" }, log.Hosts.ToArray());
        CollectionAssert.AreEqual(new[] { "IB" }, log.Networks.ToArray());
        Assert.AreEqual((4, 2, 2, true), (log.Ranks, log.ReadyRanks, log.CollectiveChannels, log.Nvls));
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 3 }, log.Rings[0].ToArray());
        CollectionAssert.AreEqual(new[] { 0, 3, 2, 1 }, log.Rings[1].ToArray());

        var root = log.Trees.Single(static t => t.Channel == 0);
        Assert.AreEqual((0, (int?)null), (root.Rank, root.Parent));
        CollectionAssert.AreEqual(new[] { 1, 2 }, root.Children.ToArray());
        Assert.AreEqual(1, log.Trees.Single(static t => t.Channel == 1).Parent);

        // Both ends of a connection name it: it is one.
        Assert.HasCount(4, log.Links);
        Assert.IsTrue(log.Links.Single(static l => l is { From: 1, To: 2 }) is { IsNetwork: true, IsGpuDirect: true, Transport: "NET/IB/0/GDRDMA" });
        Assert.IsTrue(log.Links.Single(static l => l is { From: 3, To: 0 }) is { IsNetwork: true, IsGpuDirect: false });
        Assert.IsTrue(log.Links.Single(static l => l is { From: 2, To: 3, Channel: 1 }) is { IsNetwork: false, Transport: "SHM/direct/direct" });

        var warning = log.Warnings.Single();
        Assert.AreEqual(("node-b", 1), (warning.Host, warning.Device));
        StringAssert.StartsWith(warning.Text, "socketStartConnect");
    }

    [TestMethod]
    public void Parse_Capture_HasTheVersionsOfItsNodes()
    {
        var log = NcclLog.Parse(NcclCaptures.Read("nccl-info-p5-h100-efa.txt"));
        CollectionAssert.AreEqual(new[] { "2.26.2+cuda12.2" }, log.Versions.ToArray());
        CollectionAssert.AreEqual(new[] { "p5-dy-gpu-2", "p5-dy-gpu-3", "p5-dy-gpu-4" }, log.Hosts.ToArray());
        Assert.IsEmpty(log.Warnings);
        Assert.IsNull(log.Nvls);
        Assert.IsNull(log.Ranks);
    }

    [TestMethod]
    [DataRow("h:1:1 [0] NCCL INFO Channel 00/02 :    0   1   1")]
    [DataRow("h:1:1 [0] NCCL INFO Channel 99999999999/02 :    0   1")]
    [DataRow("h:1:1 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via")]
    [DataRow("h:1:1 [0] NCCL INFO Trees [0] 1/-1/-1->0->")]
    [DataRow("NCCL INFO Channel 00/02 :    0   1")]
    [DataRow("h:1:1 [0] NCCL TRACE Channel 00/02 :    0   1")]
    public void Parse_WhatIsCutOrImpossible_IsPassedOver(string line)
    {
        var log = NcclLog.Parse(line);
        Assert.IsEmpty(log.Rings);
        Assert.IsEmpty(log.Trees);
        Assert.IsEmpty(log.Links);
    }

    [TestMethod]
    public void Parse_SpoiledText_NeverThrows_AndStaysBounded()
    {
        var text = Handmade + string.Join('\n', Enumerable.Range(0, 200).Select(static i => $"h:1:{i} [{i}] NCCL WARN {new string('x', i * 10)}"));
        var random = new Random(7);
        for (var round = 0; round < 3000; round++)
        {
            var spoiled = text.ToCharArray();
            for (var i = random.Next(1, 40); i > 0; i--) spoiled[random.Next(spoiled.Length)] = (char)random.Next(0, 300);
            var from = random.Next(spoiled.Length);
            var log = NcclLog.Parse(new string(spoiled, from, random.Next(spoiled.Length - from)));
            Assert.IsTrue(log.Warnings.All(static w => w.Text.Length <= 512));
            Assert.IsTrue(log.Rings.Values.All(static r => r.Distinct().Count() == r.Count));
        }
    }
}
