namespace InferMesh.ServiceDefaults.Health;

/// <summary>The tags that say which endpoint a health check counts for; a check without a tag counts for <c>/health</c> only.</summary>
public static class HealthTags
{
    /// <summary>The process answers; a failing check means "restart it".</summary>
    public const string Live = "live";

    /// <summary>The process may be given work; a failing check means "send no traffic".</summary>
    public const string Ready = "ready";
}
