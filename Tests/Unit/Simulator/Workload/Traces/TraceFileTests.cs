using System.IO.Compression;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Tests.Unit.Simulator.Workloads.Traces;

[TestClass]
public sealed class TraceFileTests
{
    [TestMethod]
    public void Read_AzureRows_HaveOffsetsFromTheFirst()
    {
        var records = Read("TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109", TraceFormat.Azure);

        Assert.AreEqual(new TraceRecord(TimeSpan.Zero, 374, 44), records[0]);
        Assert.AreEqual(4.314579, records[1].Offset.TotalSeconds, 1e-6);
    }

    [TestMethod]
    public void Read_CsvInOtherOrderAndCase_FindsColumnsAndSorts()
    {
        var records = Read("Output-Tokens,x,arrived at,PROMPT_TOKENS\n5,,12.5,100\n0,,10,0\n", TraceFormat.Csv);

        Assert.AreEqual(new TraceRecord(TimeSpan.Zero, 1, 1), records[0], "zero tokens are raised to one");
        Assert.AreEqual(new TraceRecord(TimeSpan.FromSeconds(2.5), 100, 5), records[1]);
    }

    [TestMethod]
    public void Read_BurstGpt_LeavesOutRequestsThatFailed()
    {
        var records = Read("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,ChatGPT,1087,0,1087,Conversation log\n118,GPT-4,417,276,693,Conversation log\n", TraceFormat.BurstGpt);

        Assert.HasCount(2, records);
        Assert.AreEqual(new TraceRecord(TimeSpan.FromSeconds(113), 417, 276), records[1]);
    }

    [TestMethod]
    public void Read_Mooncake_KeepsTheBlocks()
    {
        var records = Read("""
            {"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [1, 2]}
            {"timestamp": 1500, "input_length": 10, "output_length": 7, "hash_ids": [1]}
            """, TraceFormat.Mooncake);

        Assert.AreEqual(TimeSpan.FromSeconds(1.5), records[1].Offset);
        Assert.AreSequenceEqual([1, 2], records[0].PrefixBlocks!);
    }

    [TestMethod]
    [DataRow("a,b,c\n1,2,3", "csv", "column")]
    [DataRow("time,prompt_tokens,output_tokens\n1,2", "csv", "line 2")]
    [DataRow("time,prompt_tokens,output_tokens\nsoon,2,3", "csv", "line 2")]
    [DataRow("time,prompt_tokens,output_tokens\n1,2,3\n1,-2,3", "csv", "line 3")]
    [DataRow("time,prompt_tokens,output_tokens\n", "csv", "no record")]
    [DataRow("{\"timestamp\":1}", "mooncake", "line 1")]
    [DataRow("nonsense", "mooncake", "line 1")]
    public void Read_Malformed_NamesTheLine(string text, string format, string expected)
    {
        Assert.IsTrue(TraceFile.TryParseFormat(format, out var parsed));
        Assert.Contains(expected, Assert.ThrowsExactly<FormatException>(() => Read(text, parsed)).Message);
    }

    [TestMethod]
    public void Read_Gzip_IsUnpacked()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv.gz");
        try
        {
            using (var file = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest)))
                file.Write("time,prompt_tokens,output_tokens\n1,2,3\n");
            Assert.HasCount(1, TraceFile.Read(path, TraceFormat.Csv));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    [DataRow("azure-llm-2023/conv.csv.gz", "azure", 19_366)]
    [DataRow("azure-llm-2023/code.csv.gz", "azure", 8_819)]
    [DataRow("mooncake-fast25/conversation_trace.jsonl.gz", "mooncake", 12_031)]
    public void Read_PublishedTrace_HasEveryRow(string file, string format, int rows)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } data)
        {
            Assert.Inconclusive("INFERMESH_DATA is not set: the published traces are not at hand.");
            return;
        }

        Assert.IsTrue(TraceFile.TryParseFormat(format, out var parsed));
        Assert.HasCount(rows, TraceFile.Read(Path.Combine(data, file), parsed));
    }

    private static List<TraceRecord> Read(string text, TraceFormat format) => TraceFile.Read(new StringReader(text), format);
}
