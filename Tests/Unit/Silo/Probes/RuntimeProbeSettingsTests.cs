using InferMesh.Silo.Probes;

namespace InferMesh.Tests.Unit.Silo.Probes;

[TestClass]
public sealed class RuntimeProbeSettingsTests
{
    [TestMethod]
    [DataRow("ollama", "Kind", "known kinds: vllm, sglang, triton, tgi, torchserve, tfserving, ovms, llamacpp, openai")]
    [DataRow("tfserving", "Models", "must name at least one model")]
    public void Errors_UnusableKind_NamesTheField(string kind, string key, string message)
    {
        var error = new RuntimeProbeSettings { Kind = kind, Endpoint = "http://h" }.Errors().Single();

        Assert.AreEqual(key, error.Key);
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    public void Errors_OtherEndpointIsNoAddress_NamesTheField()
    {
        var error = new RuntimeProbeSettings { Kind = "triton", Endpoint = "http://h", MetricsEndpoint = "h:8002" }.Errors().Single();

        Assert.AreEqual("MetricsEndpoint", error.Key);
    }
}
