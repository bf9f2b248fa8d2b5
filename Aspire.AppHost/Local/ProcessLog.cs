namespace InferMesh.AppHost.Local;

/// <summary>What one process writes: all of it to its file, warnings and errors (or everything) to the console. Thread-safe.</summary>
internal sealed class ProcessLog(string name, TextWriter file, TextWriter console, bool verbose, string? readyLine) : IDisposable
{
    private const int TailLines = 12;
    private readonly Lock _gate = new();
    private readonly Queue<string> _tail = new();
    private bool _insideAlert;
    private bool _closed;

    /// <summary>True once the ready line appeared in the current run.</summary>
    public bool ReadyLineSeen { get; private set; }

    /// <summary>The last lines of the current run.</summary>
    public IReadOnlyList<string> Tail
    {
        get
        {
            lock (_gate) return [.. _tail];
        }
    }

    /// <summary>Opens the file of a process, empty: a log tells of one run of the mesh.</summary>
    public static ProcessLog Open(string directory, ProcessSpec spec, TextWriter console, bool verbose)
    {
        var stream = new FileStream(Path.Combine(directory, spec.Name + ".log"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        return new(spec.Name, new StreamWriter(stream) { AutoFlush = true }, console, verbose, spec.ReadyLine);
    }

    public void BeginRun()
    {
        lock (_gate)
        {
            ReadyLineSeen = false;
            _insideAlert = false;
            _tail.Clear();
        }
    }

    public void Write(string line)
    {
        lock (_gate)
        {
            if (_closed) return;
            file.WriteLine(line);
            if (_tail.Count == TailLines) _tail.Dequeue();
            _tail.Enqueue(line);
            if (readyLine is not null && line.Contains(readyLine, StringComparison.Ordinal)) ReadyLineSeen = true;
            // .NET's console logger continues an entry on indented lines.
            _insideAlert = IsAlert(line) || (_insideAlert && line.StartsWith(' '));
            if (verbose || _insideAlert) console.WriteLine($"[{name}] {line}");
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            file.Dispose();
        }
    }

    private static bool IsAlert(string line) =>
        line.StartsWith("warn:", StringComparison.Ordinal) || line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal)
        || line.StartsWith("Unhandled exception", StringComparison.Ordinal)
        || line.Contains(" ERROR: ", StringComparison.Ordinal) || line.Contains(" FATAL: ", StringComparison.Ordinal) || line.Contains(" PANIC: ", StringComparison.Ordinal);
}
