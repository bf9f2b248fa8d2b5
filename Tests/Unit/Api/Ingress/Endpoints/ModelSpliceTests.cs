using System.Text;
using System.Text.Json;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Tests.Unit.Api.Ingress.Endpoints;

[TestClass]
public sealed class ModelSpliceTests
{
    [TestMethod]
    [DataRow("""{"model":"chat"}""", """{"model":"org/m-1"}""")]
    [DataRow("""{ "a" : 1.0,"model"	:  "ch\u0061t" , "z":[{"model":"chat"}] }""", """{ "a" : 1.0,"model"	:  "org/m-1" , "z":[{"model":"chat"}] }""")]
    [DataRow("""{"mod\u0065l":"chat","b":"h\u00e9é"}""", """{"mod\u0065l":"org/m-1","b":"h\u00e9é"}""")]
    [DataRow("""{"messages":["\"model\":\"chat\""],"model":"x\"y\\"}""", """{"messages":["\"model\":\"chat\""],"model":"org/m-1"}""")]
    [DataRow("""{}""", """{"model":"org/m-1"}""")]
    [DataRow(""" {  } """, """ {"model":"org/m-1"  } """)]
    [DataRow("""{ "prompt":"p"}""", """{"model":"org/m-1", "prompt":"p"}""")]
    public void Into_AnyBody_ChangesTheModelAndNothingElse(string body, string expected) => Assert.AreEqual(expected, Splice(body, "org/m-1"));

    [TestMethod]
    [DataRow("a\"b\\c")]
    [DataRow("modèle-日本-💥")]
    [DataRow("<m>+'&")]
    [DataRow("tab\tand\u007fdelete")]
    public void Into_OddNames_AreReadBackAsTheyAre(string model)
    {
        using var json = JsonDocument.Parse(Splice("""{"model":"chat","prompt":"p"}""", model));
        Assert.AreEqual(model, json.RootElement.GetProperty("model").GetString());
    }

    private static string Splice(string body, string model)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.IsNull(RequestInspector.Inspect(bytes, out var request, modelRequired: false));
        return Encoding.UTF8.GetString(ModelSplice.Into(bytes, request.ModelValue!.Value, new EndpointArm(model, 1).Json));
    }
}
