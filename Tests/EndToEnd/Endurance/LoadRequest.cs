namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>How a request of a run ended.</summary>
internal enum RequestEnd
{
    /// <summary>200, and the whole answer.</summary>
    Complete,

    /// <summary>429 or 503 with Retry-After and no attempt made: refused before it was accepted.</summary>
    Refused,

    /// <summary>The answer broke off after it had begun.</summary>
    Broken,

    /// <summary>Any other answer, or none.</summary>
    Lost,

    /// <summary>Not over within its limit.</summary>
    Stuck,
}

/// <summary>A request that is over.</summary>
/// <param name="Started">When it was sent, since the run began.</param>
/// <param name="Ended">When it was over.</param>
/// <param name="End">How.</param>
/// <param name="Detail">Status or error, in a few words.</param>
/// <param name="Node">Node that answered; "" when none did.</param>
internal sealed record LoadRequest(TimeSpan Started, TimeSpan Ended, RequestEnd End, string Detail, string Node);
