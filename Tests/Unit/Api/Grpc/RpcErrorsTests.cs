using Google.Rpc;
using Grpc.Core;
using InferMesh.Api.Grpc.Errors;

namespace InferMesh.Tests.Unit.Api.Grpc;

[TestClass]
public sealed class RpcErrorsTests
{
    // What clients take by default: more, and the call fails with an error that says nothing of the mistake.
    private const int MostBytes = 8 * 1024;

    [TestMethod]
    [DataRow('x')]
    [DataRow('\u4E2D')]
    public void Errors_OfLongInput_FitIntoTrailers(char letter)
    {
        var text = new string(letter, 5_000);
        BadRequest.Types.FieldViolation[] violations = [.. Enumerable.Range(0, 5_000).Select(i => new BadRequest.Types.FieldViolation { Field = $"rules[{i}].{text}", Description = text })];
        RpcException[] errors =
        [
            RpcErrors.Invalid(violations), RpcErrors.Invalid([violations[0]]), RpcErrors.Taken(violations), RpcErrors.NotFound("policy", [.. violations.Select(static v => v.Field)]),
            RpcErrors.Conflict("policy", text, 3), RpcErrors.Precondition([.. violations.Select(static v => new PreconditionFailure.Types.Violation { Subject = v.Field, Description = v.Description })]),
        ];
        foreach (var error in errors)
        {
            var bytes = Uri.EscapeDataString(error.Status.Detail).Length + error.Trailers.Sum(static t => t.Key.Length + (t.IsBinary ? t.ValueBytes.Length * 4 / 3 : t.Value.Length));
            Assert.IsLessThan(MostBytes, bytes, error.Status.Detail);
        }
        var shown = RpcAssert.Detail<BadRequest>(errors[0].GetRpcStatus()!).FieldViolations;
        StringAssert.StartsWith(shown[0].Field, "rules[0].");
        Assert.AreEqual($"{5_000 - (shown.Count - 1)} more are wrong.", shown[^1].Description);
        Assert.AreEqual("5000 fields are wrong; see the details.", errors[0].Status.Detail);
    }

    [TestMethod]
    public void Errors_OfShortInput_AreWhole()
    {
        var error = RpcErrors.Invalid([new() { Field = "name", Description = "must have 1 to 64 characters." }, new() { Field = "kind", Description = "is unknown." }]);
        CollectionAssert.AreEqual(new[] { "name", "kind" }, RpcAssert.Fields(error.GetRpcStatus()!));
    }
}
