using InferMesh.Api.Ingress.Forwarding;
using InferMesh.Grains.Abstractions.Tenancy;

namespace InferMesh.Api.Ingress.Tenancy;

/// <summary>What a request may use of its tenant's budget, or why it may not go on.</summary>
internal sealed class TenantPass
{
    private readonly TenantCalls? _calls;
    private readonly string _id = "";
    private readonly TenantRequest? _request;

    private TenantPass()
    {
    }

    public TenantPass(TenantCalls calls, string id, TenantRequest request) => (_calls, _id, _request) = (calls, id, request);

    /// <summary>Nothing limits the request.</summary>
    public static TenantPass Unlimited { get; } = new();

    /// <summary>Why the request may not go on; null when it may.</summary>
    public OpenAiError? Refusal { get; private init; }

    /// <summary>Name of the refusal's outcome, for metrics.</summary>
    public string Outcome { get; private init; } = "";

    public static TenantPass Refused(OpenAiError error, string outcome) => new() { Refusal = error, Outcome = outcome };

    /// <summary>Counts the estimate as used, or nothing.</summary>
    public void SettleEstimate(bool isUsed)
    {
        if (_calls is null || _request is null) return;
        _ = _calls.SettleAsync(new(_id, _request, isUsed ? _request.PromptTokens : 0, isUsed ? _request.OutputTokens : 0));
    }

    /// <summary>
    /// The request is over. An answer in full counts what the runtime says, or else the estimate; one that broke off, its prompt and what was seen of it; an error, or a request that
    /// was never sent, nothing.
    /// </summary>
    public void Settle(AttemptResult last)
    {
        if (_calls is null || _request is null) return;
        var (prompt, output) = (last.End, last.Status) switch
        {
            (AttemptEnd.Delivered, >= 200 and < 400) => (last.PromptTokens ?? _request.PromptTokens, last.OutputTokens ?? _request.OutputTokens),
            (AttemptEnd.Delivered or AttemptEnd.Failed, _) => (0, 0),
            _ => (_request.PromptTokens, last.OutputTokens ?? 0),
        };
        _ = _calls.SettleAsync(new(_id, _request, prompt, output));
    }
}
