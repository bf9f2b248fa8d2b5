using System.Net;
using System.Runtime.InteropServices;

namespace InferMesh.Tests.Unit.Cli.Fleet;

[TestClass]
public sealed class EmbeddingTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Cancellation => TestContext.CancellationToken;

    [TestMethod]
    public async Task Embeddings_OfTexts_AreUnitVectors_EqualForEqualTexts()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var response = await harness.CompleteAsync(new { model = FleetHarness.Model, input = new[] { "a", "b", "a" }, dimensions = 8 }, Cancellation, path: "/v1/embeddings");

        var body = await FleetHarness.JsonAsync(response, Cancellation);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, body.ToString());
        var vectors = body.GetProperty("data").EnumerateArray().Select(static d => d.GetProperty("embedding").EnumerateArray().Select(static v => v.GetSingle()).ToArray()).ToArray();
        Assert.HasCount(3, vectors);
        foreach (var vector in vectors)
        {
            Assert.HasCount(8, vector);
            Assert.AreEqual(1f, vector.Sum(static v => v * v), 1e-4f);
        }
        CollectionAssert.AreEqual(vectors[0], vectors[2]);
        CollectionAssert.AreNotEqual(vectors[0], vectors[1]);
        Assert.AreEqual(3, body.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.AreEqual("true", response.Headers.GetValues("x-infermesh-synthetic").Single());
    }

    [TestMethod]
    public async Task Embeddings_AsBase64_AreTheSameNumbers()
    {
        await using var harness = await FleetHarness.StartAsync();
        using var plain = await harness.CompleteAsync(new { model = FleetHarness.Model, input = new[] { 1, 2, 3 } }, Cancellation, path: "/v1/embeddings");
        using var encoded = await harness.CompleteAsync(new { model = FleetHarness.Model, input = new[] { 1, 2, 3 }, encoding_format = "base64" }, Cancellation, path: "/v1/embeddings");

        var numbers = (await FleetHarness.JsonAsync(plain, Cancellation)).GetProperty("data")[0].GetProperty("embedding").EnumerateArray().Select(static v => v.GetSingle()).ToArray();
        var bytes = (await FleetHarness.JsonAsync(encoded, Cancellation)).GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        CollectionAssert.AreEqual(numbers, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }

    [TestMethod]
    [DataRow("""{"model":"llama-3.1-8b-instruct"}""", 400, "input")]
    [DataRow("""{"model":"llama-3.1-8b-instruct","input":[]}""", 400, "input")]
    [DataRow("""{"model":"llama-3.1-8b-instruct","input":["a",1]}""", 400, "input")]
    [DataRow("""{"model":"llama-3.1-8b-instruct","input":"a","dimensions":0}""", 400, "dimensions")]
    [DataRow("""{"model":"llama-3.1-8b-instruct","input":"a","encoding_format":"hex"}""", 400, "encoding_format")]
    [DataRow("""{"model":"other","input":"a"}""", 404, "model")]
    public async Task Embeddings_BadRequest_NamesTheField(string body, int status, string param)
    {
        await using var harness = await FleetHarness.StartAsync();
        using var content = new StringContent(body);
        using var response = await harness.Client.PostAsync(new Uri(harness.Node.Endpoint, "/v1/embeddings"), content, Cancellation);

        Assert.AreEqual(status, (int)response.StatusCode);
        Assert.AreEqual(param, (await FleetHarness.JsonAsync(response, Cancellation)).GetProperty("error").GetProperty("param").GetString());
    }
}
