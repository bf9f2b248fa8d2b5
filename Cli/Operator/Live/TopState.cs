namespace InferMesh.Cli.Operator.Live;

/// <summary>What <c>infermesh top</c> shows, and in which order.</summary>
/// <param name="Of">nodes, cells or models.</param>
/// <param name="Sort">Order.</param>
internal sealed record TopState(string Of, string Sort)
{
    public static readonly string[] Parts = ["nodes", "cells", "models"];
    public static readonly string[] Orders = ["load", "running", "waiting", "tokens", "ttft", "vram", "utilization", "temperature", "power", "name"];

    /// <summary>What a key makes of it; the same when the key means nothing.</summary>
    public TopState After(char key) => char.ToLowerInvariant(key) switch
    {
        'n' => this with { Of = "nodes" },
        'c' => this with { Of = "cells" },
        'm' => this with { Of = "models" },
        'l' => this with { Sort = "load" },
        'r' => this with { Sort = "running" },
        'w' => this with { Sort = "waiting" },
        'k' => this with { Sort = "tokens" },
        'f' => this with { Sort = "ttft" },
        'v' => this with { Sort = "vram" },
        'u' => this with { Sort = "utilization" },
        't' => this with { Sort = "temperature" },
        'p' => this with { Sort = "power" },
        'a' => this with { Sort = "name" },
        _ => this,
    };
}
