using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace InferMesh.Cli.Operator.Live;

/// <summary>The full screen of <c>infermesh top</c>: keys are answered at once, whatever the API does.</summary>
internal sealed class TopScreen(ApiCall call, TopState state, int? limit, TimeSpan pause, int? frames)
{
    // The terminal's other screen: what stood there before is back at the end.
    private const string Enter = "\u001b[?1049h\u001b[H";
    private const string Leave = "\u001b[?1049l";

    private readonly IAnsiConsole _console = call.Shell.Screen();
    private readonly IAnsiConsoleInput? _keys = call.Shell.Keys();
    private readonly Task<char> _noKey = new TaskCompletionSource<char>().Task;
    private TopState _state = state;
    private JsonDocument? _shown;
    private string _trouble = "";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _console.Write(new ControlCode(Enter));
        try
        {
            await _console.Live(new Text("...")).AutoClear(true).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(live => ShowAsync(live, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            _console.Write(new ControlCode(Leave));
            _shown?.Dispose();
        }
    }

    private async Task ShowAsync(LiveDisplayContext live, CancellationToken cancellationToken)
    {
        live.Refresh();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (shown, reading, waiting, key) = (0, ReadAsync(stop.Token), (Task?)null, KeyAsync(stop.Token));
        try
        {
            while (true)
            {
                var next = await Task.WhenAny(waiting ?? reading, key);
                cancellationToken.ThrowIfCancellationRequested();
                if (next == key)
                {
                    var pressed = await key;
                    if (pressed is 'q' or 'Q' or '\u0003' or '\u001b')
                        return;
                    key = KeyAsync(stop.Token);
                    var changed = _state.After(pressed);
                    if (changed == _state)
                        continue;
                    // Before the call, which asks for the state as it is then.
                    _state = changed;
                    (reading, waiting) = (ReadAsync(stop.Token), null);
                }
                else if (waiting is null)
                {
                    Take(await reading, live);
                    if (++shown == frames)
                        return;
                    waiting = Task.Delay(pause, call.Shell.Time, stop.Token);
                }
                else
                {
                    (reading, waiting) = (ReadAsync(stop.Token), null);
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    private void Take((TopState State, JsonDocument? Stats, string Trouble) read, LiveDisplayContext live)
    {
        _trouble = read.Trouble;
        if (read.Stats is not null)
        {
            _shown?.Dispose();
            _shown = read.Stats;
        }

        if (_shown is null)
            throw new CommandFailedException(_trouble);
        var frame = TopFrame.Of(_shown.RootElement, read.State, _console.Profile.Width, keys: _keys is not null);
        live.UpdateTarget(_trouble.Length == 0 ? frame : new Rows(new Text(_trouble, Style.Parse("red")), frame));
        live.Refresh();
    }

    /// <summary>Figures for the state as it is now. An API that restarts is back soon: what was shown stays, with a line that says why.</summary>
    private async Task<(TopState, JsonDocument?, string)> ReadAsync(CancellationToken cancellationToken)
    {
        var asked = _state;
        try
        {
            return (asked, await call.Api.GetAsync(TopCommand.PathOf(asked, limit ?? Math.Max(1, _console.Profile.Height - TopFrame.OtherLines)), cancellationToken), "");
        }
        catch (CommandFailedException exception) when (_shown is not null)
        {
            return (asked, null, string.Create(CultureInfo.InvariantCulture, $"{exception.Message}; trying again"));
        }
    }

    private async Task<char> KeyAsync(CancellationToken cancellationToken)
    {
        if (_keys is not { } keys)
            return await _noKey.WaitAsync(cancellationToken);
        while (true)
        {
            if (await keys.ReadKeyAsync(intercept: true, cancellationToken) is { } key)
                return key.KeyChar;
        }
    }
}
