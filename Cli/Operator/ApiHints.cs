namespace InferMesh.Cli.Operator;

/// <summary>What to do about a refusal, in a few words at the end of its line.</summary>
internal static class ApiHints
{
    private static readonly (string Path, string Command)[] Lists =
    [
        ("/api/v1/nodes/", "list-nodes"), ("/api/v1/cells/", "list-cells"), ("/api/v1/models/", "list-models"), ("/api/v1/policies/", "policy list"), ("/api/v1/endpoints/", "endpoint list"),
        ("/api/v1/strategies/", "strategy list"),
        ("/api/v1/tenants/", "tenant list"), ("/api/v1/jobs/", "job list"), ("/api/v1/keys/", "keys list"),
    ];

    /// <param name="status">Status of the answer.</param>
    /// <param name="path">Path that was called.</param>
    /// <returns>A hint with a space before it; "" for none.</returns>
    public static string For(int status, string path) => status switch
    {
        401 => $" Give a key with --api-key, --key-file or {Credential.KeyVariable}, a token with --token or {Credential.TokenVariable}, or a context that has one.",
        403 => " (infermesh whoami shows what you may do)",
        404 when Array.Find(Lists, list => path.StartsWith(list.Path, StringComparison.Ordinal)) is { Command: { } command } => $" (infermesh {command} shows what there is)",
        412 => " (somebody else changed it: look at it again)",
        429 => " (wait a moment, then try again)",
        503 => " (infermesh health shows what is the matter)",
        _ => "",
    };
}
