using InferMesh.Cli;
using InferMesh.Cli.Replay;
using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Tests.Unit.Cli.Replay;

[TestClass]
public sealed class TraceInputTests
{
    [TestMethod]
    public void Read_MissingFile_IsAUsageError()
        => Assert.Contains("--trace", Assert.ThrowsExactly<UsageException>(() => TraceInput.Read("/nowhere/x.csv", TraceFormat.Csv)).Message);

    [TestMethod]
    public void Read_MalformedFile_IsAUsageErrorThatNamesTheLine()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "time,prompt_tokens,output_tokens\nsoon,2,3\n");
            var message = Assert.ThrowsExactly<UsageException>(() => TraceInput.Read(path, TraceFormat.Csv)).Message;
            Assert.Contains("line 2", message);
            Assert.Contains("--format csv", message);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
