using System.Text;
using InferMesh.Adapters.Gpu;
using InferMesh.Adapters.Gpu.Dcgm;
using InferMesh.Adapters.Gpu.NvidiaSmi;
using InferMesh.Adapters.Gpu.Rocm;
using InferMesh.Tests.Unit.Adapters.Fuzz;
using InferMesh.Tests.Unit.Adapters.Gpu.Rocm;

namespace InferMesh.Tests.Unit.Adapters.Gpu.Fuzz;

/// <summary>No document, however spoilt, throws out of a parser, costs it out of proportion, or becomes a measurement that cannot be.</summary>
[TestClass]
public sealed class GpuParserFuzzTests
{
    private const int Seed = 20_261_128;

    [TestMethod]
    public void Dcgm_SpoiltPages_AreReadOrRefused() => Fuzz(
        ParserFuzz.Captures("metrics-expositions", "dcgm-*.prom.gz", "DCGM_FI_DEV_FB_USED{gpu=\"0\",UUID=\"GPU-a\",GPU_I_PROFILE=\"1g.10gb\",GPU_I_ID=\"3\"} 12\nDCGM_FI_DEV_XID_ERRORS{gpu=\"0\",UUID=\"GPU-a\",err_code=\"31\"} 31\n"),
        text => DcgmGpuSource.Parse(Encoding.UTF8.GetBytes(text), "dcgm"));

    [TestMethod]
    public void NvidiaSmi_SpoiltDocuments_AreReadOrRefused() => Fuzz(
        // The supported clocks are most of a document and are skipped: without them the mutations hit what is read.
        [.. ParserFuzz.Captures("gpu-captures/nvidia-smi-xml", "*.xml.gz", "<nvidia_smi_log><gpu id=\"0\"><uuid>GPU-a</uuid><fb_memory_usage><total>1 MiB</total></fb_memory_usage></gpu></nvidia_smi_log>").Select(WithoutClocks)],
        text => NvidiaSmiGpuSource.Parse(text).Snapshot);

    [TestMethod]
    public void RocmSmi_SpoiltDocuments_AreReadOrRefused() => Fuzz(
        ParserFuzz.Captures("gpu-captures/rocm-smi-json", "*.json.gz", "{\"card0\": {\"GPU use (%)\": \"5\", \"VRAM Total Memory (B)\": \"34342961152\", \"sclk clock speed:\": \"(300Mhz)\"}}"),
        RocmGpuSource.ParseRocmSmi);

    [TestMethod]
    public void AmdSmi_SpoiltDocuments_AreReadOrRefused()
    {
        var statics = new Mutator([AmdSmiDocuments.Statics, AmdSmiDocuments.Metrics], Seed + 1);
        Fuzz([AmdSmiDocuments.Metrics, AmdSmiDocuments.Statics], text => RocmGpuSource.ParseAmdSmi(text, statics.Next()));
    }

    private static void Fuzz(IReadOnlyList<string> corpus, Func<string, GpuSnapshot?> parse) => ParserFuzz.Run(corpus, Seed, parse, Check);

    private static void Check(GpuSnapshot snapshot, int mutation)
    {
        var indices = snapshot.Readings.Select(reading => reading.Index).ToArray();
        CollectionAssert.AreEqual(indices.Order().Distinct().ToArray(), indices, $"mutation {mutation}");
        foreach (var reading in snapshot.Readings)
        {
            foreach (var property in typeof(GpuReading).GetProperties())
            {
                var value = property.GetValue(reading);
                Assert.AreEqual(value is null, reading.Missing.ContainsKey(property.Name), $"mutation {mutation}: {property.Name}");
                var possible = value switch
                {
                    double number => double.IsFinite(number) && (number >= 0 || property.Name.EndsWith("Celsius", StringComparison.Ordinal)),
                    long number => number >= 0,
                    int number => number >= 0,
                    _ => true,
                };
                Assert.IsTrue(possible, $"mutation {mutation}: {property.Name} is {value}");
            }
            Assert.IsTrue(reading.SmUtilization is null or <= 1 && reading.MemoryUtilization is null or <= 1, $"mutation {mutation}");
        }
    }

    private static string WithoutClocks(string xml)
    {
        var (from, to) = (xml.IndexOf("<supported_clocks>", StringComparison.Ordinal), xml.IndexOf("</supported_clocks>", StringComparison.Ordinal));
        return from < 0 || to < from ? xml : xml.Remove(from, to - from);
    }
}
