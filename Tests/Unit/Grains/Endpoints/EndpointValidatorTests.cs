using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Endpoints;

namespace InferMesh.Tests.Unit.Grains.Endpoints;

[TestClass]
public sealed class EndpointValidatorTests
{
    private static readonly string Hash = new('a', 64);

    [TestMethod]
    public void Check_FullEndpoint_HasNoErrors() => Assert.IsEmpty(Check(new()
    {
        Models = [new("a", 1000), new("b")],
        Aliases = ["openai/gpt-4o", "x y"],
        SloClass = "interactive",
        Placement = new() { Regions = ["eu"] },
        Routing = new() { Strategy = "mesh", Parameters = new Dictionary<string, double> { ["network_weight"] = 2 } },
        Hedging = new() { MaxDelayMs = 900 },
        Auth = new() { Keys = [Hash, new('b', 64)], AllowedTenants = ["blue"], RequireTenant = true },
        Description = "d",
        Enabled = false,
    }));

    [TestMethod]
    public void Check_EverythingWrong_NamesEveryField()
    {
        var errors = EndpointValidator.Check("a b", new()
        {
            Models = [new("a", 0), new("", 1), new("a", 1001)],
            Aliases = ["", "x", "x", "a b", "bell\a"],
            SloClass = new('s', 257),
            Placement = new(),
            Routing = new() { Strategy = "nonsense" },
            Hedging = new() { BudgetShare = 2 },
            Auth = new() { Keys = ["aaaaaaaaaaaa", Hash.ToUpperInvariant(), Hash, Hash[..63] + "b"], AllowedTenants = [""] },
            Description = new('d', 1001),
        });
        CollectionAssert.AreEquivalent(
            new[]
            {
                "name", "description", "sloClass", "models[0].weight", "models[1].model", "models[2].weight", "models[2].model", "aliases[0]", "aliases[2]", "aliases[3]", "aliases[4]",
                "placement", "routing.strategy", "hedging.budgetShare", "auth.keys[0]", "auth.keys[1]", "auth.keys[2]", "auth.keys[3]", "auth.allowedTenants[0]",
            },
            errors.Select(e => e.Field).ToArray());
    }

    [TestMethod]
    public void Check_TooMany_IsSaidOfTheList()
    {
        Assert.AreEqual("models", Check(new()).Single().Field);
        Assert.AreEqual("models", Check(new() { Models = [.. Enumerable.Range(0, 33).Select(i => new EndpointModel($"m{i}"))] }).Single().Field);
        Assert.AreEqual("aliases", Check(new() { Models = [new("m")], Aliases = [.. Enumerable.Range(0, 101).Select(i => $"a{i}")] }).Single().Field);
        Assert.AreEqual("auth", Check(new() { Models = [new("m")], Auth = new() }).Single().Field);
    }

    [TestMethod]
    public void Complete_ShownDigits_StandForTheWholeKey()
    {
        var current = new EndpointAuth { Keys = [Hash, new('b', 64)] };
        EndpointSpec Sent(params string[] keys) => new() { Models = [new("m")], Auth = new() { Keys = keys } };
        string[] Completed(EndpointSpec spec, EndpointAuth? auth) => [.. EndpointKeys.Complete(spec, auth).Auth!.Keys];

        CollectionAssert.AreEqual(current.Keys.ToArray(), Completed(Sent([.. current.Shown().Keys]), current), "what was shown");
        CollectionAssert.AreEqual(new[] { new string('b', 64), new string('c', 64) }, Completed(Sent("bbbbbbbbbbbb", new('c', 64)), current), "one gone, one new");
        CollectionAssert.AreEqual(new[] { "cccccccccccc" }, Completed(Sent("cccccccccccc"), current), "of no key");
        CollectionAssert.AreEqual(new[] { "aaaaaaaaaaaa" }, Completed(Sent("aaaaaaaaaaaa"), null), "of nothing");
        CollectionAssert.AreEqual(new[] { "aaaa" }, Completed(Sent("aaaa"), current), "too short to name one");
    }

    private static IReadOnlyList<InferMesh.Grains.Abstractions.FieldError> Check(EndpointSpec spec) => EndpointValidator.Check("e", spec);
}
