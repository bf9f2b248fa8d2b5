using System.Diagnostics;
using System.Globalization;
using System.Text;
using InferMesh.Tests.Unit.Adapters.Gpu;

namespace InferMesh.Tests.Unit.Adapters.Fuzz;

/// <summary>Gives spoilt documents to a parser: it may not throw, nor take time or memory out of proportion. INFERMESH_FUZZ sets how many are tried.</summary>
internal static class ParserFuzz
{
    private const int Mutations = 3_000;

    /// <summary>What a parser may allocate per character beside a constant: documents are small, machines are not ours alone.</summary>
    private const long BytesPerCharacter = 400, BytesInAnyCase = 4 << 20;

    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(5); // milliseconds on a quiet machine

    public static int Count { get; } =
        Environment.GetEnvironmentVariable("INFERMESH_FUZZ") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : Mutations;

    /// <param name="corpus">Documents that are good.</param>
    /// <param name="seed">Seed of the mutations.</param>
    /// <param name="parse">Reads a document; null when it refuses it.</param>
    /// <param name="check">Checks what was read, with the number of the mutation.</param>
    public static void Run<T>(IReadOnlyList<string> corpus, int seed, Func<string, T?> parse, Action<T, int> check)
        where T : class
    {
        var mutator = new Mutator(corpus, seed);
        var read = 0;
        for (var i = 0; i < Count; i++)
        {
            var text = mutator.Next();
            var (before, started) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            T? parsed;
            try
            {
                parsed = parse(text);
            }
            catch (Exception exception)
            {
                throw new AssertFailedException(string.Create(CultureInfo.InvariantCulture, $"mutation {i}: {exception}\n{text[..Math.Min(text.Length, 2000)]}"), exception);
            }
            var (taken, spent) = (Stopwatch.GetElapsedTime(started), GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.IsLessThan(MostTime, taken, string.Create(CultureInfo.InvariantCulture, $"mutation {i} of {text.Length} characters"));
            Assert.IsLessThan((text.Length * BytesPerCharacter) + BytesInAnyCase, spent, string.Create(CultureInfo.InvariantCulture, $"mutation {i} of {text.Length} characters"));
            if (parsed is null)
                continue;
            read++;
            check(parsed, i);
        }
        Assert.IsGreaterThan(Count / 100, read, "nearly nothing was read: the mutations are too rough to test what happens after parsing");
    }

    /// <summary>Captured documents where the data is at hand, and one by hand in any case.</summary>
    /// <param name="folder">Folder under INFERMESH_DATA.</param>
    /// <param name="pattern">Names of compressed files.</param>
    /// <param name="byHand">The document that is always there.</param>
    public static List<string> Captures(string folder, string pattern, string byHand)
    {
        List<string> corpus = [byHand];
        var root = Environment.GetEnvironmentVariable("INFERMESH_DATA");
        if (!string.IsNullOrEmpty(root) && Path.Combine(root, folder) is var path && Directory.Exists(path))
            corpus.AddRange(Directory.EnumerateFiles(path, pattern).Order(StringComparer.Ordinal).Select(file => Encoding.UTF8.GetString(GpuCaptures.Read(Path.Combine(folder, Path.GetFileName(file))))));
        return corpus;
    }
}
