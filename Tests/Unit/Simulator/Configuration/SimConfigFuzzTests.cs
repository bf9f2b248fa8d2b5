using System.Text;
using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;

namespace InferMesh.Tests.Unit.Simulator.Configuration;

/// <summary>Whatever a user writes: an answer, never an exception.</summary>
[TestClass]
public sealed class SimConfigFuzzTests
{
    private const string Pieces = "{}[]:,-#&*!|>'\"%@`~<?\n\t 0123456789.eE+abcmsx_é\u0000";

    [TestMethod]
    [DataRow("small")]
    [DataRow("large")]
    public void Read_MutilatedText_Answers(string example)
    {
        var (text, random) = (SimConfigYaml.Example(example), new RandomStream(11, 1));
        for (var i = 0; i < 150; i++)
        {
            var mutant = new StringBuilder(text);
            for (var edits = 1 + (int)(random.NextUnit() * 6); edits > 0; edits--)
            {
                var at = (int)(random.NextUnit() * mutant.Length);
                if (random.NextUnit() < 0.4) mutant.Remove(at, Math.Min(mutant.Length - at, 1 + (int)(random.NextUnit() * 12)));
                else mutant.Insert(at, Pieces[(int)(random.NextUnit() * Pieces.Length)]);
            }

            var result = SimConfigYaml.Read(mutant.ToString());
            Assert.AreEqual(result.Config is null, result.Errors.Count > 0, mutant.ToString());
        }
    }

    [TestMethod]
    [DataRow("&a [*a]")]
    [DataRow("seed: &a\n  b: *a")]
    [DataRow("<<: 1")]
    [DataRow("<<: [{ seed: 1 }, { seed: 2 }]\nseed: 3")]
    [DataRow("? [a]\n: 1")]
    [DataRow("? {a: b}\n: 1")]
    [DataRow("!!binary x")]
    [DataRow("%YAML 9.9\n---\nseed: 1")]
    [DataRow("\t")]
    [DataRow("\uFEFFseed: 1")]
    [DataRow("seed: 99999999999999999999999")]
    [DataRow("strategies: [~, [], {}]")]
    [DataRow("topology: { gpu_profiles: [~] }")]
    [DataRow("slo_classes: [~, 5]")]
    [DataRow("workload: { vision: { image_size: { dist: discrete, sizes: [~] } } }")]
    [DataRow("workload: { arrival: { type: trace, file: \"\\0\", format: csv } }")]
    [DataRow("workload: { arrival: { type: trace, file: / , format: csv } }")]
    [DataRow("network: { rtt_matrix_file: . }")]
    public void Read_Strange_Answers(string yaml)
    {
        var result = SimConfigYaml.Read(yaml);
        Assert.AreEqual(result.Config is null, result.Errors.Count > 0);
    }
}
