using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferMesh.Adapters.Gpu;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.Adapters.Gpu;

/// <summary>Compares a snapshot with its golden file; set INFERMESH_UPDATE_GOLDEN=1 to write the files anew.</summary>
internal static class GpuGolden
{
    private static readonly JsonSerializerOptions Canonical = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, // why a value is null stands in Missing
        Converters = { new JsonStringEnumConverter() },
    };

    public static void Check(string name, GpuSnapshot snapshot)
    {
        foreach (var reading in snapshot.Readings)
            Nvml.NvmlGpuSourceTests.AssertEveryNullHasAReason(reading);
        var actual = JsonSerializer.Serialize(snapshot, Canonical) + "\n";
        var path = Path.Combine(Repository.Root, "Tests/Unit/Adapters/Gpu/Golden", name + ".json");
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, actual);
        Assert.IsTrue(File.Exists(path), $"{path} is missing; run this test with INFERMESH_UPDATE_GOLDEN=1 and review what it writes.");
        Assert.AreEqual(File.ReadAllText(path).ReplaceLineEndings("\n"), actual, $"The reading changed. If that is meant, run this test with INFERMESH_UPDATE_GOLDEN=1 and review {path}.");
    }
}
