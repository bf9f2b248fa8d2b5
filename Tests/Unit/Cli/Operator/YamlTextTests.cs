using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Cli.Operator;

namespace InferMesh.Tests.Unit.Cli.Operator;

[TestClass]
public sealed class YamlTextTests
{
    [TestMethod]
    public void Of_AnyJson_IsReadBackAsItWas()
    {
        const string Json = """
            {"text":"plain","number":"3","float":"1e3","bool":"true","null":"null","empty":"","tilde":"~","yes":"yes","colon":"a: b","hash":"a #b","quote":"it's \"so\"","lines":"one\ntwo\n","tab":"\t",
             "dash":"- x","star":"*x","amp":"&x","bang":"!x","brace":"{x","percent":"%x","at":"@x","space":" x ","unicode":"grün \u0007","time":"2026-01-31T12:00:00Z","long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx xxxxxxxxxxxxxxxxxxxxx",
             "n":3,"d":0.0005,"t":true,"nothing":null,"map":{},"list":[],"nested":{"a":[{"b":[1,"2"]},[]],"3":"x","true":1,"a: b":2}}
            """;
        using var document = JsonDocument.Parse(Json);
        var yaml = YamlText.Of(document.RootElement);
        var read = YamlJson.Read(new StringReader(yaml), "-f", []).Single().Node;
        Assert.IsTrue(JsonNode.DeepEquals(JsonNode.Parse(Json), read), yaml);
    }

    [TestMethod]
    public void Of_AManifest_LooksAsPeopleWriteIt()
    {
        using var document = JsonDocument.Parse("""{"kind":"Policy","metadata":{"name":"chat"},"spec":{"models":["llama-*"],"parameters":{},"priority":5}}""");
        Assert.AreEqual("kind: Policy\nmetadata:\n  name: chat\nspec:\n  models:\n  - llama-*\n  parameters: {}\n  priority: 5\n", YamlText.Of(document.RootElement));
    }
}
