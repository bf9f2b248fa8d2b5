using System.IO.Compression;
using System.Text.Json;
using CsCheck;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Tests.Unit.Strategies.PrefixCache;

[TestClass]
public sealed class LruBlockCacheTests
{
    [TestMethod]
    public void Add_FullCache_GivesUpTheOldest()
    {
        var cache = new LruBlockCache(2);
        Assert.AreEqual(LruChange.Added, cache.Add(1, out _));
        Assert.AreEqual(LruChange.Added, cache.Add(0, out _));
        Assert.IsTrue(cache.Touch(1));
        Assert.AreEqual(LruChange.Replaced, cache.Add(3, out var evicted));
        Assert.AreEqual(0UL, evicted);
        Assert.AreEqual(LruChange.Held, cache.Add(3, out _));
        Assert.AreEqual(2, cache.Count);
        Assert.AreEqual(2, cache.Match([1, 3, 0]));
    }

    [TestMethod]
    public void AnyOperations_AgainstAList_BehaveTheSame() => Gen.Select(Gen.Int[1, 20], Gen.Select(Gen.Int[0, 3], Gen.ULong[0, 40]).Array[0, 400]).Sample(static (capacity, operations) =>
    {
        var cache = new LruBlockCache(capacity);
        var list = new List<ulong>(); // newest first
        foreach (var (operation, block) in operations)
        {
            switch (operation)
            {
                case 0:
                    Assert.AreEqual(list.Remove(block), cache.Remove(block));
                    break;
                case 1:
                    var held = list.Remove(block);
                    Assert.AreEqual(held, cache.Touch(block));
                    if (held) list.Insert(0, block);
                    break;
                default:
                    var known = list.Remove(block);
                    list.Insert(0, block);
                    var change = cache.Add(block, out var evicted);
                    Assert.AreEqual(known ? LruChange.Held : list.Count > capacity ? LruChange.Replaced : LruChange.Added, change);
                    if (list.Count > capacity)
                    {
                        Assert.AreEqual(list[^1], evicted);
                        list.RemoveAt(capacity);
                    }
                    break;
            }
            Assert.AreEqual(list.Count, cache.Count);
            Assert.AreEqual(list.Count > 0, cache.TryOldest(out var oldest));
            if (list.Count > 0) Assert.AreEqual(list[^1], oldest);
            for (var b = 0UL; b <= 40; b++) Assert.AreEqual(list.Contains(b), cache.Contains(b));
        }
    }, iter: 200);

    [TestMethod]
    public void Clear_ThenAdd_StartsAnew()
    {
        var cache = new LruBlockCache(100);
        for (var i = 0UL; i < 90; i++) cache.Add(i, out _);
        cache.Clear();
        Assert.AreEqual(0, cache.Count);
        Assert.IsFalse(cache.Contains(5));
        cache.Add(5, out _);
        Assert.IsTrue(cache.TryOldest(out var oldest));
        Assert.AreEqual((1, 5UL), (cache.Count, oldest));
    }

    /// <summary>Mooncake's conversation trace (FAST'25): 288,500 blocks of 512 tokens.</summary>
    [TestMethod]
    [DataRow(1_000, 12_845)]
    [DataRow(10_000, 61_042)]
    [DataRow(30_000, 93_977)]
    public void MooncakeConversations_BySize_HitExactly(int capacity, int expected)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { } data) { Assert.Inconclusive("INFERMESH_DATA is not set."); return; }
        var cache = new LruBlockCache(capacity);
        var hits = 0;
        foreach (var blocks in Prompts(Path.Combine(data, "mooncake-fast25", "conversation_trace.jsonl.gz")))
        {
            foreach (var block in blocks) if (cache.Touch(block)) hits++;
            foreach (var block in blocks) cache.Add(block, out _);
        }
        Assert.AreEqual(expected, hits);
    }

    private static IEnumerable<ulong[]> Prompts(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            yield return [.. row.RootElement.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetUInt64())];
        }
    }
}
