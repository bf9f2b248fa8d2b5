using System.Text;

namespace InferMesh.Tests.Unit.AppHost.Local;

/// <summary>Collects what is written and lets a test wait for a text.</summary>
internal sealed class SignallingWriter : TextWriter
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(string? value)
    {
        lock (_gate)
        {
            _text.Append(value);
            _written.TrySetResult();
            _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override string ToString()
    {
        lock (_gate) return _text.ToString();
    }

    /// <summary>All text once it contains the wanted one so often.</summary>
    public async Task<string> WaitForAsync(string wanted, int times = 1)
    {
        while (true)
        {
            Task written;
            lock (_gate)
            {
                var text = _text.ToString();
                if (text.Split(wanted).Length > times) return text;
                written = _written.Task;
            }

            await written.WaitAsync(Limit);
        }
    }
}
