namespace InferMesh.Strategies.Hosting;

/// <summary>How much a line of a plugin matters.</summary>
public enum PluginLogLevel : byte
{
    /// <summary>For whoever writes the plugin.</summary>
    Debug = 0,

    /// <summary>Worth knowing.</summary>
    Information,

    /// <summary>Something is wrong.</summary>
    Warning,
}

/// <summary>A line that a plugin wrote, or the host about it.</summary>
/// <param name="Plugin">Name and version.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Text">The line: printable characters only, at most 256 bytes.</param>
public sealed record PluginLogLine(string Plugin, PluginLogLevel Level, string Text);

/// <summary>Passes on at most so many lines a second of one plugin: a log is no way to fill a disk.</summary>
internal sealed class PluginLog(string plugin, Action<PluginLogLine>? sink, TimeProvider time)
{
    private const int LinesPerSecond = 10;

    private readonly Lock _gate = new();
    private long _second;
    private int _lines;

    public void Write(PluginLogLevel level, string text)
    {
        if (sink is null || !Takes()) return;
        sink(new(plugin, level, string.Create(text.Length, text, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) ? ' ' : from[i];
        })));
    }

    private bool Takes()
    {
        var second = time.GetTimestamp() / time.TimestampFrequency;
        lock (_gate)
        {
            if (second != _second) (_second, _lines) = (second, 0);
            return _lines++ < LinesPerSecond;
        }
    }
}
