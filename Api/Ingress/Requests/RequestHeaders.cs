using System.Globalization;

namespace InferMesh.Api.Ingress.Requests;

/// <summary>The headers that the ingress itself reads and writes.</summary>
internal static class RequestHeaders
{
    public const int MaxTextLength = 256;
    public const string Prefix = "x-infermesh-";
    public const string RequestId = "x-request-id";
    public const string Model = "x-infermesh-model";
    public const string PromptTokens = "x-infermesh-prompt-tokens";
    public const string Tenant = "x-infermesh-tenant";
    public const string Project = "x-infermesh-project";
    public const string SloClass = "x-infermesh-slo";
    public const string IdempotencyKey = "Idempotency-Key";
    public const string Replayed = "x-infermesh-replayed";
    public const string Session = "x-infermesh-session";
    public const string Endpoint = "x-infermesh-endpoint";
    public const string Node = "x-infermesh-node";
    public const string Attempts = "x-infermesh-attempts";
    public const string QueueMs = "x-infermesh-queue-ms";
    public const string Hedged = "x-infermesh-hedged";
    public const string Decision = "x-infermesh-decision";
    public const string Synthetic = "x-infermesh-synthetic";

    private const int MaxRequestIdLength = 128;

    /// <summary>The caller's id of the request, or a new one when it gives none that can go into logs and headers.</summary>
    public static string RequestIdOf(HttpContext context)
    {
        var given = context.Request.Headers[RequestId].ToString();
        return given.Length is > 0 and <= MaxRequestIdLength && given.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 ? given : Guid.NewGuid().ToString("N");
    }

    /// <summary>Prompt tokens as the caller counted them; null without an error when it did not.</summary>
    public static RequestError? ReadPromptTokens(HttpContext context, out int? tokens)
    {
        tokens = null;
        var text = context.Request.Headers[PromptTokens].ToString();
        if (text.Length == 0) return null;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return new($"The header {PromptTokens} must be an integer from 0 to 2147483647.", PromptTokens, "invalid_value");
        tokens = value;
        return null;
    }

    /// <summary>The model that a request without a place for it names beside its body: in a header, else in the query; "" when in neither.</summary>
    public static RequestError? ReadModel(HttpContext context, out string model)
    {
        if (ReadText(context, Model, out model) is { } bad) return bad;
        if (model.Length > 0) return null;
        model = context.Request.Query["model"].ToString();
        return model.Length <= MaxTextLength ? null : new($"The query parameter 'model' must have at most {MaxTextLength} characters.", "model", "invalid_value");
    }

    /// <summary>The model that the path names.</summary>
    public static RequestError? ReadPathModel(HttpContext context, out string model)
    {
        // Routing decodes everything but the slash.
        model = ((string)context.Request.RouteValues["model"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return model.Length <= MaxTextLength ? null : new($"The model in the path must have at most {MaxTextLength} characters.", "model", "invalid_value");
    }

    /// <summary>A short text of a header; "" when it is not there.</summary>
    public static RequestError? ReadText(HttpContext context, string header, out string text)
    {
        text = context.Request.Headers[header].ToString();
        return text.Length <= MaxTextLength ? null : new($"The header {header} must have at most {MaxTextLength} characters.", header, "invalid_value");
    }
}
