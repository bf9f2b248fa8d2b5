namespace InferMesh.Api.Ingress.Endpoints;

/// <summary>
/// Which model of an endpoint a conversation gets. Weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", SPAA 2005): the arm with the
/// smallest -ln(u)/w, u being a number in (0, 1) made of conversation and arm. Conversations meet the arms by their weights, each always the same one, and a change of one weight
/// moves no conversation between two other arms. The order of the rest is where it goes when its arm is gone, by weight again.
/// </summary>
internal static class ArmOrder
{
    /// <param name="arms">Arms of the endpoint.</param>
    /// <param name="conversation">Hash of what stays the same over a conversation.</param>
    /// <returns>All arms, first choice first.</returns>
    public static EndpointArm[] Of(EndpointArm[] arms, ulong conversation)
    {
        if (arms.Length == 1) return arms;
        var (order, distance) = (arms.AsSpan().ToArray(), new double[arms.Length]);
        for (var i = 0; i < arms.Length; i++) distance[i] = -Math.Log(Unit(Mix(conversation ^ Mix(arms[i].Hash)))) / arms[i].Weight;
        Array.Sort(distance, order);
        return order;
    }

    /// <summary>The middle of one of 2^53 equal parts of (0, 1).</summary>
    private static double Unit(ulong hash) => ((hash >> 11) + 0.5) * (1.0 / (1UL << 53));

    /// <summary>The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).</summary>
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
