using System.Text;
using InferMesh.Api.Ingress.Endpoints;
using InferMesh.Api.Ingress.Requests;

namespace InferMesh.Tests.Unit.Api.Ingress.Endpoints;

[TestClass]
public sealed class ConversationTests
{
    [TestMethod]
    [DataRow("""[{"role":"user","content":"a"}]""", """[{"role":"user","content":"a"}""")]
    [DataRow("""[{"role":"system","content":"s"},{"content":[{"role":"x"}],"role":"user"},{"role":"assistant"}]""", """[{"role":"system","content":"s"},{"content":[{"role":"x"}],"role":"user"}""")]
    [DataRow("""[{"role":"system","content":"user"}]""", """[{"role":"system","content":"user"}]""")]
    [DataRow("""["a","b"]""", """["a","b"]""")]
    [DataRow("""[1,2]""", """[1,2]""")]
    [DataRow("\"text\"", "\"text\"")]
    [DataRow("""[{"role":{"role":"user"}},{"role":null}]""", """[{"role":{"role":"user"}},{"role":null}]""")]
    [DataRow("", "")]
    public void Start_Prompt_EndsWithTheUsersFirstMessage(string prompt, string start) =>
        Assert.AreEqual(start, Encoding.UTF8.GetString(Conversation.Start(Encoding.UTF8.GetBytes(prompt))));

    [TestMethod]
    public void Of_LaterTurns_AreTheSameConversation()
    {
        var first = Of("""{"model":"chat","messages":[{"role":"system","content":"s"},{"role":"user","content":"a"}]}""");
        Assert.AreEqual(first, Of("""{"messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"model":"chat","stream":true}"""));
        Assert.AreNotEqual(first, Of("""{"model":"chat","messages":[{"role":"system","content":"s"},{"role":"user","content":"b"}]}"""));
    }

    [TestMethod]
    public void Of_SessionThenUserThenPromptThenRequest_TheFirstThatIsGivenCounts()
    {
        const string body = """{"model":"chat","user":"u","prompt":"p"}""";
        Assert.AreEqual(Of(body, "s"), Of("""{"model":"chat","user":"v","prompt":"q"}""", "s"));
        Assert.AreEqual(Of(body), Of("""{"model":"chat","user":"u","prompt":"q"}"""));
        Assert.AreEqual(Of("""{"model":"chat","prompt":"p"}""", id: "1"), Of("""{"model":"chat","prompt":"p"}""", id: "2"));
        Assert.AreNotEqual(Of("""{"model":"chat"}""", id: "1"), Of("""{"model":"chat"}""", id: "2"));
    }

    private static ulong Of(string body, string session = "", string id = "r")
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.IsNull(RequestInspector.Inspect(bytes, out var request));
        return Conversation.Of(session, request, bytes, id);
    }
}
