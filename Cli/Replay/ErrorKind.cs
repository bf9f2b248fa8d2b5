namespace InferMesh.Cli.Replay;

/// <summary>Kinds of error beside <c>http_&lt;status&gt;</c>; part of the JSON result.</summary>
internal static class ErrorKind
{
    /// <summary>No connection.</summary>
    public const string Connect = "connect";

    /// <summary>Connected, but the connection ended before an answer.</summary>
    public const string NoAnswer = "no_answer";

    /// <summary>The stream ended before its end mark, or carried an error.</summary>
    public const string BrokenStream = "broken_stream";

    /// <summary>An answer that cannot be read.</summary>
    public const string BadAnswer = "bad_answer";

    /// <summary>Longer than the request's limit.</summary>
    public const string Timeout = "timeout";

    /// <summary>The replay was stopped while it was under way.</summary>
    public const string Interrupted = "interrupted";
}
