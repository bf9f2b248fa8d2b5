namespace InferMesh.Simulator.Service;

/// <summary>What of a request a target does.</summary>
internal enum WorkPart : byte
{
    /// <summary>All of it.</summary>
    Whole = 0,

    /// <summary>The prompt and the first token; then its KV blocks go elsewhere.</summary>
    Prefill,

    /// <summary>All tokens but the first, from KV blocks that were computed elsewhere.</summary>
    Decode,
}

/// <summary>Cuts requests.</summary>
internal static class WorkParts
{
    /// <summary>The work that such a target has with a request.</summary>
    public static SimRequest Of(this WorkPart part, in SimRequest request) => part switch
    {
        WorkPart.Prefill => request with { OutputTokens = 1 },
        WorkPart.Decode => request with { PromptTokens = 0 },
        _ => request,
    };
}
