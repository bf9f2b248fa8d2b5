namespace InferMesh.Cli.Fleet.Http;

/// <summary>Deterministic text of a synthetic answer: one short ASCII word per token, needing no JSON escape.</summary>
internal static class FillerText
{
    private static readonly byte[][] Words =
    [
        .. "mesh node cell zone link hop lane rack core tile warp wave tick batch queue slot token block cache page head layer tensor shard rank ring tree stage step span trace seed"
            .Split(' ').Select(static word => System.Text.Encoding.ASCII.GetBytes(word + " ")),
    ];

    /// <summary>The word of one token of one request; the same for the same arguments.</summary>
    public static ReadOnlySpan<byte> Word(uint seed, int token)
    {
        // A multiplicative hash (Knuth): neighbouring tokens get unlike words at the cost of one multiplication.
        var hash = unchecked((seed + (uint)token) * 2654435761u);
        return Words[hash >> 27];
    }
}
