using System.Text;

namespace InferMesh.Cli.Agent.Training;

/// <summary>Follows an output of a rank line by line. A line that never ends is cut into pieces, so that no rank can fill the agent's memory.</summary>
/// <param name="log">Where lines go.</param>
/// <param name="seen">Told of each line, or of the first piece of a long one.</param>
internal sealed class RankOutput(RankLog log, Action<string> seen)
{
    private const int MaxLine = 8192;
    private readonly byte[] _line = new byte[MaxLine];
    private int _length;
    private bool _cut;

    /// <summary>Reads to the end. Lines that the log does not take are lost; reading goes on, or the rank would stand still.</summary>
    public async Task ReadAsync(Stream stream)
    {
        var buffer = new byte[MaxLine];
        try
        {
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
                Take(buffer.AsSpan(0, read));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The pipe is closed from this side: the rank has ended and whoever kept it open may write no more.
        }

        if (_length > 0)
            End(whole: true);
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (value == '\n')
                End(whole: true);
            else if (value != '\r')
            {
                if (_length == MaxLine)
                    End(whole: false);
                _line[_length++] = value;
            }
        }
    }

    private void End(bool whole)
    {
        log.Write(_line.AsSpan(0, _length));
        if (!_cut && _length > 0)
            seen(Encoding.UTF8.GetString(_line, 0, _length));
        (_length, _cut) = (0, !whole);
    }
}
