namespace InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

/// <summary>How a call is sent.</summary>
internal enum FuzzWire
{
    /// <summary>As HTTP/1.1 by a client that keeps to its rules.</summary>
    Http,

    /// <summary>As HTTP/2 with frames of gRPC.</summary>
    Grpc,

    /// <summary>As bytes on a socket.</summary>
    Raw,
}

/// <summary>Who sends it.</summary>
internal enum FuzzCaller
{
    Admin,
    Stranger,
    Nobody,
}

/// <summary>One call of a run.</summary>
/// <param name="Index">Its number: with the seed it makes the same call again.</param>
/// <param name="Wire">How it is sent.</param>
/// <param name="Operation">Method and path as documented, or the method of gRPC.</param>
internal sealed record FuzzCall(int Index, FuzzWire Wire, string Operation)
{
    public string Method { get; init; } = "GET";

    public string Path { get; init; } = "/";

    public FuzzCaller Caller { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[]? Body { get; init; }

    /// <summary>Statuses that the document names; empty when it says nothing.</summary>
    public IReadOnlySet<int> Documented { get; init; } = new HashSet<int>();

    /// <summary>The answer may have no end: its beginning is enough.</summary>
    public bool IsStream { get; init; }
}

/// <summary>What came back.</summary>
/// <param name="Status">Status of HTTP, or code of gRPC; -1 when the server ended the connection, -2 when nothing came in time.</param>
/// <param name="Text">Beginning of the body, or the message.</param>
internal sealed record FuzzAnswer(int Status, string Text)
{
    public const int Closed = -1;
    public const int Silent = -2;

    /// <summary>The beginning was enough.</summary>
    public const int Left = -3;
}
