using System.Net.Http.Headers;
using System.Text;

namespace InferMesh.Tests.Unit.Api.Http;

[TestClass]
public sealed class ShapeTests
{
    private static ApiHost s_api = null!;

    [ClassInitialize]
    public static void Start(TestContext context) => s_api = new();

    [ClassCleanup]
    public static void Stop() => s_api.Dispose();

    [TestMethod]
    public async Task Json_Malformed_NamesLineAndPosition()
    {
        var problem = (await s_api.PostAsync("/api/v1/route", "{\n  \"model\": oops }")).AssertProblem(400).Json;
        Assert.AreEqual(2, problem.GetProperty("line").GetInt32());
        Assert.IsGreaterThan(1, problem.GetProperty("position").GetInt32());
    }

    [TestMethod]
    [DataRow("""{"model":"m","modell":1}""", "modell", "not a member")]
    [DataRow("""{"Model":"m"}""", "Model", "not a member")]
    [DataRow("""{"model":5}""", "model", "a text")]
    [DataRow("""{"model":"m","promptTokens":"7"}""", "promptTokens", "a whole number")]
    [DataRow("""{"model":"m","promptTokens":1.5}""", "promptTokens", "a whole number")]
    [DataRow("""{"model":"m","cells":{}}""", "cells", "an array")]
    [DataRow("""{"model":"m","labels":[]}""", "labels", "an object")]
    [DataRow("""{"model":"m","model":"n"}""", "model", "twice")]
    public async Task Json_WrongMember_IsNamedWithWhatIsAllowed(string body, string field, string says)
    {
        var answer = (await s_api.PostAsync("/api/v1/route", body)).AssertProblem(400);
        CollectionAssert.AreEqual(new[] { field }, answer.ErrorFields);
        Assert.Contains(says, answer.Json.GetProperty("detail").GetString()!);
    }

    [TestMethod]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("\"x\"")]
    [DataRow("")]
    [DataRow("{} {}")]
    public async Task Json_NoObject_IsBadRequest(string body) => (await s_api.PostAsync("/api/v1/route", body)).AssertProblem(400);

    [TestMethod]
    public async Task Json_Null_IsToldInTheCallersTerms() =>
        Assert.AreEqual("The body must be a JSON object.", (await s_api.PostAsync("/api/v1/route", "null")).AssertProblem(400).Json.GetProperty("detail").GetString());

    [TestMethod]
    public async Task Json_TooDeep_IsBadRequest() =>
        (await s_api.PostAsync("/api/v1/route", "{\"labels\":" + new string('[', 5000))).AssertProblem(400);

    [TestMethod]
    [DataRow("/api/v1/route")]
    [DataRow("/api/v1/nodes/n:drain")]
    public async Task Body_WrongType_IsUnsupported(string path)
    {
        using var text = new StringContent("{}", Encoding.UTF8, new MediaTypeHeaderValue("text/plain"));
        using var response = await s_api.Http.PostAsync(path, text);
        (await Answer.OfAsync(response)).AssertProblem(415);
    }

    [TestMethod]
    [DataRow("/api/v1/route")]
    [DataRow("/api/v1/nodes/n:drain")]
    public async Task Body_TooLarge_IsRefusedUnread(string path) =>
        (await s_api.PostAsync(path, $$"""{"model":"{{new string('m', 2 << 20)}}"}""", ("Expect", "100-continue"))).AssertProblem(413);

    [TestMethod]
    [DataRow("""{"reason":1}""")]
    [DataRow("""{"raison":"x"}""")]
    [DataRow("{")]
    public async Task Json_WrongOnAVerb_IsBadRequest(string body) => (await s_api.PostAsync("/api/v1/nodes/n:cordon", body)).AssertProblem(400);

    [TestMethod]
    public async Task Path_Unknown_IsNotFound()
    {
        (await s_api.GetAsync("/api/v1/nope")).AssertProblem(404);
        (await s_api.GetAsync("/api/v2/nodes", ("Accept", "text/html"))).AssertProblem(404);
        (await s_api.PostAsync("/api/v1/nodes/n:explode")).AssertProblem(404);
    }

    [TestMethod]
    public async Task Method_Unknown_IsNotAllowed()
    {
        var answer = (await s_api.SendAsync(HttpMethod.Patch, "/api/v1/nodes", "{}")).AssertProblem(405);
        CollectionAssert.AreEquivalent(new[] { "GET", "POST" }, answer.ContentHeaders.Allow.ToList());
    }
}
