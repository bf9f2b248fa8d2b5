using System.Net.Http.Headers;
using System.Text;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress.Protocols;

[TestClass]
public sealed class KServeTests
{
    private const string JsonLength = "Inference-Header-Content-Length";
    private const string Head = """{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}""";

    [TestMethod]
    [DataRow("/v2/models/m/infer", "m")]
    [DataRow("/v2/models/m/versions/3/infer", "m")]
    [DataRow("/v2/models/org%2Fm%20x/infer", "org/m x")]
    public async Task Infer_BinaryTensors_PassBothWaysByteForByte(string path, string model)
    {
        byte[] body = [.. Encoding.UTF8.GetBytes(Head), 0, 0, 0xC0, 0x3F, 0xFF, 0xFE, 0x00, 0x7B];
        byte[] answer = [.. "{\"outputs\":[]}"u8, 0xFF, 0x00, 0x80];
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.Headers[JsonLength] = "14";
            await context.Response.Body.WriteAsync(answer);
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url + "/"));

        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Add(JsonLength, Head.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var response = await api.Http.SendAsync(request);

        CollectionAssert.AreEqual(answer, await response.Content.ReadAsByteArrayAsync());
        Assert.AreEqual("14", IngressForwardingTests.Header(response, JsonLength));
        var received = runtime.Requests.Single();
        CollectionAssert.AreEqual(body, received.Body);
        Assert.AreEqual(("POST", Head.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)), (received.Method, received.Headers[JsonLength]));
        Assert.AreEqual(model, api.Router.Queries.Single().Model);
    }

    [TestMethod]
    [DataRow("x")]
    [DataRow("-1")]
    [DataRow("3")]
    public async Task Infer_JsonLengthIsNoneOfTheBody_IsRefused(string length)
    {
        await using var api = await ApiUnderTest.StartAsync();
        using var request = IngressForwardingTests.Post("{}", "/v2/models/m/infer");
        request.Headers.TryAddWithoutValidation(JsonLength, length);
        using var response = await api.Http.SendAsync(request);
        Assert.AreEqual(400, (int)response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), JsonLength);
    }

    [TestMethod]
    [DataRow("/v2/models/m/generate", """{"text_input":"12345678","max_tokens":5}""", false)]
    [DataRow("/v2/models/m/generate_stream", """{"text_input":"12345678","parameters":{"temperature":0,"max_tokens":5}}""", true)]
    [DataRow("/v2/models/m/versions/1/generate_stream", """{"parameters":{"max_tokens":5},"text_input":"12345678"}""", true)]
    public async Task Generate_TellsRoutingOfItsLength(string path, string body, bool stream)
    {
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = stream ? "text/event-stream" : "application/json";
            await context.Response.WriteAsync(stream ? "data: {\"model_name\":\"m\",\"text_output\":\"a\"}\n\ndata: {\"model_name\":\"m\",\"text_output\":\"b\"}\n\n" : "{}");
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));

        using var request = IngressForwardingTests.Post(body, path);
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(200, (int)response.StatusCode);
        Assert.AreEqual(path, runtime.Requests.Single().Path);
        var query = api.Router.Queries.Single();
        Assert.AreEqual(("m", 5, 2), (query.Model, query.OutputTokens, query.PromptTokens));
        Assert.AreEqual(stream ? 2 : null, (await api.Router.WaitForReportsAsync(1)).Single().OutputTokens);
    }

    [TestMethod]
    [DataRow("/v2/models/m")]
    [DataRow("/v2/models/m/ready")]
    [DataRow("/v2/models/m/config")]
    [DataRow("/v2/models/m/stats")]
    [DataRow("/v2/models/m/versions/2")]
    [DataRow("/v2/models/m/versions/2/ready")]
    public async Task Get_AboutAModel_IsAnsweredByOneNode(string path)
    {
        await using var down = await FakeRuntime.StartAsync(FakeRuntime.Status(503));
        await using var runtime = await FakeRuntime.StartAsync(context => context.Response.WriteAsync("""{"name":"m"}"""));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", down.Url), FakeRouter.Target("n2", runtime.Url));

        Assert.AreEqual("""{"name":"m"}""", await api.Http.GetStringAsync(path));
        Assert.AreEqual(("GET", path), (runtime.Requests.Single().Method, runtime.Requests.Single().Path));
        Assert.AreEqual("m", api.Router.Queries.Single().Model);
    }

    [TestMethod]
    public async Task Get_AboutTheServer_IsAnsweredByTheMesh()
    {
        await using var api = await ApiUnderTest.StartAsync();
        StringAssert.StartsWith(await api.Http.GetStringAsync("/v2"), """{"name":"infermesh","version":""");
        Assert.AreEqual("""{"live":true}""", await api.Http.GetStringAsync("/v2/health/live"));
        using var before = await api.Http.GetAsync("/v2/health/ready");
        Assert.AreEqual((503, """{"ready":false}"""), ((int)before.StatusCode, await before.Content.ReadAsStringAsync()));
    }

    [TestMethod]
    public async Task Ready_AModelIsServed_IsTrue()
    {
        await using var api = await ApiUnderTest.StartAsync();
        api.Fleet.Put(FakeFleet.Node("n1", models: new ModelSample { Model = "m" }));
        Assert.AreEqual("""{"ready":true}""", await api.Http.GetStringAsync("/v2/health/ready"));
    }
}
