using System.Diagnostics;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Ingress.Forwarding;

/// <summary>The call of a runtime in a trace, as OpenTelemetry's conventions for generative AI and HTTP have it: from sending the request to the last byte of the answer.</summary>
internal sealed class UpstreamSpan
{
    private readonly Activity _activity;
    private int _ended;

    private UpstreamSpan(Activity activity) => _activity = activity;

    /// <summary>Begins a span below the current one; null when nobody records it.</summary>
    public static UpstreamSpan? Start(in ForwardJob job, RouteTarget target, Uri url)
    {
        if (!GenAi.Activities.HasListeners()) return null;
        var operation = GenAi.Operation(job.Context.Request.Path);
        if (GenAi.Activities.StartActivity($"{operation} {job.Model}", ActivityKind.Client) is not { } activity) return null;
        activity.SetTag(GenAi.OperationName, operation).SetTag(GenAi.ProviderName, target.Runtime).SetTag(GenAi.RequestModel, job.Model)
            .SetTag("http.request.method", job.Context.Request.Method).SetTag("server.address", url.Host).SetTag("server.port", url.Port).SetTag("url.full", url.GetLeftPart(UriPartial.Path))
            .SetTag("infermesh.node", target.NodeId);
        return new(activity);
    }

    /// <summary>The first byte of the answer is there.</summary>
    public void FirstByte() => _activity.AddEvent(new("gen_ai.first_token"));

    /// <summary>Ends it; what is said of it later does not count.</summary>
    public void End(in AttemptResult result)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0) return;
        if (result.Status > 0) _activity.SetTag("http.response.status_code", result.Status);
        if (result.PromptTokens is { } input) _activity.SetTag(GenAi.InputTokens, input);
        if (result.OutputTokens is { } output) _activity.SetTag(GenAi.OutputTokens, output);
        if (result.End != AttemptEnd.Delivered || result.Status >= 400)
        {
            _activity.SetTag("error.type", result.Reason.Length > 0 ? result.Reason : $"status_{result.Status}");
            if (result.End != AttemptEnd.Cancelled) _activity.SetStatus(ActivityStatusCode.Error, result.Reason);
        }
        _activity.Stop();
    }
}
