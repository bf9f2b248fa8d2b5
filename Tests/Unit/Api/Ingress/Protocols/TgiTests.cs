using System.Text;
using InferMesh.Grains.Abstractions.Nodes;
using InferMesh.Grains.Abstractions.Routing;
using InferMesh.Tests.Unit.Api.Grpc.Fakes;
using Microsoft.AspNetCore.Http;

namespace InferMesh.Tests.Unit.Api.Ingress.Protocols;

[TestClass]
public sealed class TgiTests
{
    private const string Body = "{ \"inputs\" : \"h\u00e9llo wor\",\n \"parameters\":{\"unknown\":[1],\"max_new_tokens\": 9}, \"extra\":{} }";

    // As the server writes them, without a space after the colon; the last one counts the tokens.
    private static readonly string[] Events =
    [
        """data:{"index":1,"token":{"id":3,"text":" a","logprob":-0.1,"special":false},"generated_text":null,"details":null}""",
        """data:{"index":2,"token":{"id":4,"text":" b","logprob":-0.1,"special":false},"generated_text":" a b","details":{"finish_reason":"length","generated_tokens":2,"input_length":1,"seed":null}}""",
    ];

    [TestMethod]
    [DataRow("/generate", "x-infermesh-model", false)]
    [DataRow("/generate_stream", "x-infermesh-model", true)]
    [DataRow("/generate_stream?model=m", "", true)]
    public async Task Generate_ModelNamedBesideTheBody_IsForwardedAsItIs(string path, string header, bool stream)
    {
        await using var runtime = await FakeRuntime.StartAsync(async context =>
        {
            context.Response.ContentType = stream ? "text/event-stream" : "application/json";
            await context.Response.WriteAsync(stream ? string.Join("\n\n", Events) + "\n\n" : """{"generated_text":" a b","details":{"finish_reason":"length","generated_tokens":2}}""");
        });
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));

        using var request = IngressForwardingTests.Post(Body, path);
        if (header.Length > 0) request.Headers.Add(header, "m");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(200, (int)response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "\"generated_tokens\":2");
        Assert.AreEqual("n1", IngressForwardingTests.Header(response, "x-infermesh-node"));
        var received = runtime.Requests.Single();
        Assert.AreEqual(path, received.Path);
        Assert.IsFalse(received.Headers.ContainsKey("x-infermesh-model"));
        CollectionAssert.AreEqual(Encoding.UTF8.GetBytes(Body), received.Body);
        var query = api.Router.Queries.Single();
        Assert.AreEqual(("m", 9, 2), (query.Model, query.OutputTokens, query.PromptTokens));
        var report = (await api.Router.WaitForReportsAsync(1)).Single();
        Assert.AreEqual((OutcomeStatus.Success, 2), (report.Status, report.OutputTokens));
        Assert.AreEqual(stream, report.TtftMs is not null);
    }

    [TestMethod]
    [DataRow("tgi,vllm", "a,b", "a")]
    [DataRow("TGI", "a", "a")]
    [DataRow("vllm", "a", null)]
    [DataRow("tgi,tgi", "a,b", null)]
    [DataRow("tgi,tgi", "a,a", "a")]
    public async Task Generate_NoModelNamed_TakesTheOnlyOneOfTgi(string kinds, string models, string? taken)
    {
        await using var runtime = await FakeRuntime.StartAsync();
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));
        foreach (var (i, (kind, model)) in kinds.Split(',').Zip(models.Split(',')).Index())
        {
            var node = FakeFleet.Node($"n{i}", models: new ModelSample { Model = model });
            api.Fleet.Put(node with { Runtimes = [node.Runtimes[0] with { Runtime = kind }] });
        }

        using var request = IngressForwardingTests.Post(Body, "/generate");
        using var response = await api.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();

        Assert.AreEqual(taken is null ? 400 : 200, (int)response.StatusCode, text);
        Assert.AreEqual(taken, api.Router.Queries.SingleOrDefault()?.Model);
        if (taken is null) StringAssert.Contains(text, "x-infermesh-model");
    }

    [TestMethod]
    public async Task Info_IsReadFromANode()
    {
        await using var runtime = await FakeRuntime.StartAsync(context => context.Response.WriteAsync("""{"model_id":"m"}"""));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", runtime.Url));

        Assert.AreEqual("""{"model_id":"m"}""", await api.Http.GetStringAsync("/info?model=m"));
        Assert.AreEqual(("GET", "/info?model=m"), (runtime.Requests.Single().Method, runtime.Requests.Single().Path));
    }

    [TestMethod]
    public async Task GenerateStream_FirstNodeIsOverloaded_AnotherOneAnswers()
    {
        await using var full = await FakeRuntime.StartAsync(FakeRuntime.Status(429));
        await using var free = await FakeRuntime.StartAsync(context => context.Response.WriteAsync("{}"));
        await using var api = await ApiUnderTest.StartAsync();
        api.Router.OnRoute = _ => FakeRouter.Routed("d1", FakeRouter.Target("n1", full.Url), FakeRouter.Target("n2", free.Url));

        using var request = IngressForwardingTests.Post(Body, "/generate_stream?model=m");
        using var response = await api.Http.SendAsync(request);

        Assert.AreEqual(("n2", "2"), (IngressForwardingTests.Header(response, "x-infermesh-node"), IngressForwardingTests.Header(response, "x-infermesh-attempts")));
    }
}
