namespace InferMesh.Adapters.Storage.S3;

/// <summary>Who asks a service of S3's kind.</summary>
/// <param name="AccessKeyId">Name of the key; it is sent in the open.</param>
/// <param name="SecretAccessKey">The key; it is never sent and appears in no reading and no message.</param>
/// <param name="SessionToken">Token of keys that expire; null for keys that do not.</param>
public sealed record S3Keys(string AccessKeyId, string SecretAccessKey, string? SessionToken = null)
{
    /// <summary>Never prints the secrets.</summary>
    public override string ToString() => $"key {AccessKeyId}";
}
