using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Tests.Benchmarks;

/// <summary>
/// The prefix index when all caches are full: prompts of 450 blocks (7,200 tokens), of which 375 are one of 150 shared starts and 75 are new, 8,192 blocks per target. Each
/// operation is one prompt; divide by 450 for a block. After the benchmark the slowest one percent of single lookups is printed.
/// </summary>
public class PrefixIndexBenchmarks
{
    private const int Blocks = 450;
    private const int Shared = 375;
    private const int Groups = 150;
    private const int Prompts = 4096;

    private readonly ulong[][] _prompts = new ulong[Prompts][];
    private readonly int[][] _tokens = new int[64][];
    private readonly PrefixMatch[] _matches = new PrefixMatch[256];
    private readonly ulong[] _names = new ulong[Blocks];
    private PrefixIndex _index = null!;
    private long[] _sequences = null!;
    private ulong _next;

    [Params(64, 512)]
    public int Targets { get; set; }

    [Params(false, true)]
    public bool Precise { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _index = new(8_192, Precise);
        _sequences = new long[Targets];
        for (var i = 0; i < _prompts.Length; i++) _prompts[i] = Prompt(i % Groups, i);
        for (var i = 0; i < _tokens.Length; i++) _tokens[i] = [.. Enumerable.Range(0, Blocks * BlockHash.BlockTokens).Select(t => t * 31 + i)];
        for (var i = 0; i < Targets * 200; i++) Insert();
    }

    [GlobalCleanup]
    public void Report()
    {
        var ticks = new long[50_000];
        for (var i = 0; i < ticks.Length; i++)
        {
            Insert();
            var prompt = _prompts[(i * 7919) % Prompts];
            var from = Stopwatch.GetTimestamp();
            _index.Lookup(prompt, _matches);
            ticks[i] = Stopwatch.GetTimestamp() - from;
        }
        Array.Sort(ticks);
        string At(double share) => $"{Stopwatch.GetElapsedTime(0, ticks[(int)(share * ticks.Length)]).TotalMicroseconds:0.0} us";
        Console.WriteLine($"// Lookup of {Blocks} blocks, {Targets} targets, {(Precise ? "precise" : "approximate")}: p50 {At(0.5)}, p99 {At(0.99)}, p99.9 {At(0.999)}, {_index.Blocks} different blocks");
    }

    [Benchmark]
    public int Lookup() => _index.Lookup(_prompts[_next++ * 7919 % Prompts], _matches);

    [Benchmark]
    public void Insert()
    {
        var turn = _next++;
        // A prompt goes to one of a few homes of its group, as affinity has it; a few go astray.
        var prompt = _prompts[turn * 7919 % Prompts];
        var target = (int)((prompt[0] + turn % 4 * (ulong)(turn % 17 == 0 ? 13 : 1)) % (ulong)Targets);
        if (Precise) _index.Stored(target, ++_sequences[target], prompt);
        else _index.Insert(target, prompt);
    }

    [Benchmark]
    public int Hash() => BlockHash.Chain(_tokens[_next++ % 64], 1, _names);

    private static ulong[] Prompt(int group, int own)
    {
        var chain = new ulong[Blocks];
        var previous = 0UL;
        for (var i = 0; i < Blocks; i++) chain[i] = previous = BlockHash.Chain(previous, [i < Shared ? group : 1_000_000 + own, i], 1);
        return chain;
    }
}
