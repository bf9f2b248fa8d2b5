using System.IO.Pipelines;

namespace InferMesh.ServiceDefaults.Tls;

internal enum FirstByteKind
{
    /// <summary>A handshake record of TLS.</summary>
    Tls,

    /// <summary>Something else.</summary>
    Plaintext,

    /// <summary>The peer went without a word, as probes of ports do.</summary>
    Nothing,
}

/// <summary>Looks at how a connection starts: TLS libraries only say that a handshake failed, not that there was none.</summary>
internal static class FirstByte
{
    // ContentType of TLSPlaintext (RFC 8446, 5.1).
    private const byte HandshakeRecord = 22;

    /// <summary>Waits for the first byte and leaves it where it is.</summary>
    public static async ValueTask<FirstByteKind> PeekAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var read = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (read.Buffer.IsEmpty)
                return FirstByteKind.Nothing;
            foreach (var segment in read.Buffer)
            {
                if (!segment.IsEmpty)
                    return segment.Span[0] == HandshakeRecord ? FirstByteKind.Tls : FirstByteKind.Plaintext;
            }
            return FirstByteKind.Nothing;
        }
        finally
        {
            input.AdvanceTo(read.Buffer.Start);
        }
    }
}
