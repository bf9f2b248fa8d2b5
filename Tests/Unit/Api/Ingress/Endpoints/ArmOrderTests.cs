using System.IO.Hashing;
using InferMesh.Api.Ingress.Endpoints;

namespace InferMesh.Tests.Unit.Api.Ingress.Endpoints;

[TestClass]
public sealed class ArmOrderTests
{
    private const int Conversations = 100_000;

    [TestMethod]
    [DataRow(90, 10)]
    [DataRow(1, 1)]
    [DataRow(1000, 1)]
    [DataRow(5, 3, 2)]
    public void Of_ManyConversations_MeetTheArmsByTheirWeights(params int[] weights)
    {
        var arms = Arms(weights);
        var counts = arms.ToDictionary(a => a, _ => 0);
        for (var i = 0; i < Conversations; i++) counts[ArmOrder.Of(arms, Hash(i))[0]]++;
        foreach (var arm in arms)
        {
            var share = arm.Weight / (double)weights.Sum();
            // Five standard deviations of a binomial count.
            var slack = 5 * Math.Sqrt(Conversations * share * (1 - share));
            Assert.AreEqual(Conversations * share, counts[arm], slack, arm.Model);
        }
    }

    [TestMethod]
    public void Of_FirstChoiceGone_TheOthersShareByTheirWeights()
    {
        var arms = Arms(5, 3, 2);
        var second = Enumerable.Range(0, Conversations).Select(i => ArmOrder.Of(arms, Hash(i))).Where(o => o[0] == arms[0]).CountBy(o => o[1]).ToDictionary();
        Assert.AreEqual(0.6, second[arms[1]] / (double)second.Values.Sum(), 0.015);
    }

    [TestMethod]
    public void Of_OneWeightRaised_MovesConversationsToThatArmOnly()
    {
        var (before, after) = (Arms(50, 40, 10), Arms(50, 40, 30));
        var moved = 0;
        for (var i = 0; i < Conversations; i++)
        {
            var (from, to) = (ArmOrder.Of(before, Hash(i))[0].Model, ArmOrder.Of(after, Hash(i))[0].Model);
            if (from == to) continue;
            Assert.AreEqual("m2", to);
            moved++;
        }
        Assert.AreEqual(30 / 120.0 - 10 / 100.0, moved / (double)Conversations, 0.01);
    }

    [TestMethod]
    public void Of_SameConversation_IsTheSameOrderWhateverTheOrderOfTheList()
    {
        var arms = Arms(3, 2, 1);
        EndpointArm[] reversed = [.. arms.Reverse()];
        for (var i = 0; i < 100; i++) CollectionAssert.AreEqual(ArmOrder.Of(arms, Hash(i)), ArmOrder.Of(reversed, Hash(i)));
    }

    private static EndpointArm[] Arms(params int[] weights) => [.. weights.Select((w, i) => new EndpointArm($"m{i}", w))];

    private static ulong Hash(int conversation) => XxHash3.HashToUInt64(BitConverter.GetBytes(conversation));
}
